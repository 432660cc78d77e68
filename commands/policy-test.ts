import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { filterInternalFieldsAndTypes } from '@graphql-tools/federation';
import { buildSchema, type GraphQLSchema } from 'graphql';
import type { PolicyRoute } from '../plugins/authorization/index.ts';
import { judgeOperation } from '../plugins/authorization/judge-operation.ts';
import { composeOnce } from '../plugins/composition/compose-once.ts';
import type { composeSubgraphs } from '../plugins/composition/index.ts';
import { readTable } from './policy-test/table.ts';

const USAGE = `Usage: npm run policy:test -- FILE [--supergraph SDL] [--config CONFIG] [--format text|json]

Decides, for each row of the table in FILE, what a principal gets of an operation, and compares it with what is expected:
  {
    "principals": { "ada": { "scopes": ["accounts:read"], "roles": [], "claims": {} } },
    "cases": [
      { "name": "tax ids are for the tax office", "principal": "ada",
        "operation": "{ user(id: \\"1\\") { email taxId } }", "denies": ["User.taxId"] }
    ]
  }
A case may also have variables, operationName, address, and resources: by policy, what a policy that looks at data is
given. The principal "anonymous" is always there. Nothing is executed.
  --supergraph SDL  a supergraph's file (default: composes the subgraphs of the configuration, as they are running now)
  --config CONFIG   a module that exports policies (default: gateway.config.ts)
Exits with 1 when a decision is not as expected, or an engine could not tell.`;

interface Configuration {
  readonly policies?: readonly PolicyRoute[];
  readonly supergraph?: ReturnType<typeof composeSubgraphs>;
}

async function main(): Promise<number> {
  const { file, sdl, config, format } = readArguments();
  const configuration = (await import(pathToFileURL(resolve(config)).href)) as Configuration;
  const { policies = [] } = configuration;
  try {
    const schema = sdl === undefined ? await composedSchema(configuration) : schemaOf(await readFile(sdl, 'utf8'));
    const results = [];
    for (const one of readTable(await readFile(file, 'utf8'), schema)) {
      const { denied, problems } = await judgeOperation(schema, policies, one);
      const passes = problems.length === 0 && denied.join() === one.denies.join();
      results.push({ name: one.name, passes, expected: one.denies, denied, problems });
    }
    const failed = results.filter(({ passes }) => !passes);
    if (format === 'json') console.log(JSON.stringify(results, null, 2));
    else for (const result of results) console.log(lineOf(result));
    console.error(`${results.length - failed.length} of ${results.length} decisions are as expected.`);
    return failed.length === 0 ? 0 : 1;
  } finally {
    for (const { engine } of policies) await engine.close?.();
  }
}

interface Result {
  readonly name: string;
  readonly passes: boolean;
  readonly expected: readonly string[];
  readonly denied: readonly string[];
  readonly problems: readonly string[];
}

function lineOf({ name, passes, expected, denied, problems }: Result): string {
  if (passes) return `ok      ${name}`;
  const listed = (coordinates: readonly string[]) => coordinates.join(', ') || 'nothing';
  const lines = [
    `NOT OK  ${name}`,
    `        expected to be denied: ${listed(expected)}`,
    `        denied: ${listed(denied)}`,
  ];
  return [...lines, ...problems.map((problem) => `        ${problem}`)].join('\n');
}

async function composedSchema({ supergraph }: Configuration): Promise<GraphQLSchema> {
  if (!supergraph) throw new Error('the configuration exports no supergraph: name a file with --supergraph');
  const once = await composeOnce(supergraph.options);
  if (!once.collected) throw new Error(`no schema from ${Object.keys(once.unavailable).join(', ')}`);
  if (!once.composition.composes) throw new Error('the subgraphs do not compose: see npm run compose');
  return schemaOf(once.composition.supergraphSdl);
}

function schemaOf(sdl: string): GraphQLSchema {
  return filterInternalFieldsAndTypes(buildSchema(sdl, { assumeValid: true, assumeValidSDL: true }));
}

function readArguments(): { file: string; sdl: string | undefined; config: string; format: string } {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      supergraph: { type: 'string' },
      config: { type: 'string', default: 'gateway.config.ts' },
      format: { type: 'string', default: 'text' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  const [file, ...others] = positionals;
  if (file === undefined || others.length > 0) throw new Error('it takes one file');
  if (values.format !== 'text' && values.format !== 'json') {
    throw new Error(`--format is "${values.format}"; it takes text or json`);
  }
  return { file, sdl: values.supergraph, config: values.config, format: values.format };
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`${(error as Error).message}\n\n${USAGE}`);
  process.exitCode = 1;
}
