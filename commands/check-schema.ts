import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { supergraph } from '../gateway.config.ts';
import { composeReplaced, type CompositionOnce } from '../plugins/composition/compose-once.ts';
import { formatConflict } from '../plugins/composition/conflicts/index.ts';
import { schemaChanges, type SchemaChange } from '../plugins/composition/schema-changes.ts';
import type { SchemaText } from '../plugins/composition/subgraph.ts';

const USAGE = `Usage: npm run check:schema -- --subgraph NAME=FILE [--subgraph NAME=FILE ...] [--format text|json]

Says what would happen if subgraph NAME had the SDL in FILE: whether it still composes with the others as they are
running now, and what changes for clients of the public schema.
Exits with 1 on a conflict or a breaking change.`;

async function main(): Promise<number> {
  const { replaced, format } = await readArguments();
  const { before, after } = await composeReplaced(supergraph.options, replaced, (what) => console.error(what));
  if (!after.collected) {
    for (const [name, reason] of Object.entries(after.unavailable))
      console.error(`No schema from "${name}": ${reason}`);
    return 1;
  }
  if (!after.composition.composes) {
    const { conflicts } = after.composition;
    if (format === 'json') printJson({ composes: false, conflicts, changes: [] });
    for (const conflict of conflicts) console.error(`${formatConflict(conflict)}\n`);
    console.error(`It does not compose: ${conflicts.length} conflicts.`);
    return 1;
  }
  const publicSdl = publicSdlOf(before);
  const changes = publicSdl === undefined ? [] : await schemaChanges(publicSdl, after.composition.publicSdl);
  if (format === 'json') printJson({ composes: true, conflicts: [], changes, hints: after.composition.hints });
  else printChanges(changes);
  if (publicSdl === undefined) {
    console.error('It composes. What changes for clients is not known: the subgraphs as they are do not compose.');
  }
  return changes.some((change) => change.level === 'breaking') ? 1 : 0;
}

function publicSdlOf(once: CompositionOnce): string | undefined {
  return once.collected && once.composition.composes ? once.composition.publicSdl : undefined;
}

function printChanges(changes: readonly SchemaChange[]): void {
  for (const { level, message } of changes) console.log(`${level.padEnd(9)}  ${message}`);
  const count = (level: SchemaChange['level']) => changes.filter((change) => change.level === level).length;
  console.log(
    `It composes: ${count('breaking')} breaking, ${count('dangerous')} dangerous, ${count('safe')} safe changes.`,
  );
}

async function readArguments(): Promise<{ replaced: Record<string, SchemaText>; format: string }> {
  const { values } = parseArgs({
    options: {
      subgraph: { type: 'string', multiple: true, default: [] },
      format: { type: 'string', default: 'text' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  if (values.format !== 'text' && values.format !== 'json') {
    throw new Error(`--format is "${values.format}"; it takes text or json`);
  }
  if (values.subgraph.length === 0) throw new Error('--subgraph is missing; it takes NAME=FILE');
  const names = supergraph.options.subgraphs.map(({ name }) => name);
  const replaced: Record<string, SchemaText> = {};
  for (const entry of values.subgraph) {
    const [name = '', path = ''] = entry.split(/=(.*)/s);
    if (!path) throw new Error(`--subgraph is "${entry}"; it takes NAME=FILE`);
    if (!names.includes(name))
      throw new Error(`--subgraph names "${name}"; the configured ones are ${names.join(', ')}`);
    replaced[name] = { kind: 'sdl', text: await readFile(path, 'utf8') };
  }
  return { replaced, format: values.format };
}

function printJson(value: object): void {
  console.log(JSON.stringify(value, null, 2));
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`${(error as Error).message}\n\n${USAGE}`);
  process.exitCode = 1;
}
