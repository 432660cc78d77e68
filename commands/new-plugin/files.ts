/** A file of a new plugin, by its path in the repository. */
export interface NewFile {
  readonly path: string;
  readonly text: string;
}

/** Words of lower-case letters and digits, with hyphens between them: a folder of `plugins/`. */
export const PLUGIN_NAME = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;

/** What the plugin is called in code: `rate-labels` is `useRateLabels`. */
export function factoryName(name: string): string {
  return `use${pascal(name)}`;
}

/** The lines that `gateway.config.ts` needs. */
export function configurationLines(name: string): { readonly importLine: string; readonly pluginLine: string } {
  return {
    importLine: `import { ${factoryName(name)} } from './plugins/${name}/index.ts';`,
    pluginLine: `${factoryName(name)}({ log }),`,
  };
}

/** A plugin that works, to be changed into the one that is wanted: its face, its page, and a test on a real gateway. */
export function newPlugin(name: string): readonly NewFile[] {
  return [
    { path: `plugins/${name}/index.ts`, text: face(name) },
    { path: `docs/${name}.md`, text: page(name) },
    { path: `tests/${name}/gateway.config.ts`, text: testConfiguration(name) },
    { path: `tests/${name}/${name}.test.ts`, text: testFile(name) },
  ];
}

function face(name: string): string {
  const use = factoryName(name);
  const options = `${pascal(name)}Options`;
  return `import type { Logger } from '@graphql-hive/gateway';
import type { GatehouseContext, GatehousePlugin } from '../index.ts';

const MAX_FIELDS = 500;

export interface ${options} {
  /** Operations with more fields are told of. Default: 500. */
  readonly maxFields?: number;
  readonly log: Pick<Logger, 'info'>;
}

/**
 * Logs operations that have many fields. To stand after \`useOperationProfiles\`.
 *
 * Throws an \`Error\` that names the option when one is wrong.
 *
 * @example
 * ${use}({ maxFields: 200, log })
 */
export function ${use}({ maxFields = MAX_FIELDS, log }: ${options}): GatehousePlugin {
  if (!Number.isSafeInteger(maxFields) || maxFields < 0) {
    throw new Error(\`${use}: maxFields is \${JSON.stringify(maxFields)}; it takes a whole number from 0\`);
  }

  function tellOf({ operation, principal, account }: GatehouseContext): void {
    // Without \`useOperationProfiles\` before it, there is nothing to go by.
    const fields = operation?.measures.data.fields ?? 0;
    if (fields <= maxFields) return;
    log.info({ fields, principal: principal?.id, requestId: account?.requestId }, 'An operation has many fields');
  }

  return {
    onExecute: ({ args }) => tellOf(args.contextValue),
    onSubscribe: ({ args }) => tellOf(args.contextValue),
  };
}
`;
}

function page(name: string): string {
  const { importLine, pluginLine } = configurationLines(name);
  return `# ${title(name)}

What it gives, and to whom, in a few sentences. Now it logs operations that have many fields.

\`\`\`ts
${importLine}
// ...
      ${pluginLine}
\`\`\`

It stands after \`useOperationProfiles\`. Its options are in [the reference](reference.md#plugins${name}).
`;
}

function testConfiguration(name: string): string {
  return `import { defineConfig } from '@graphql-hive/gateway';
import { gatewayConfig as usual } from '../../gateway.config.ts';
import { ${factoryName(name)} } from '../../plugins/${name}/index.ts';

export const gatewayConfig = defineConfig({
  ...usual,
  plugins: (context) => [
    ...(usual.plugins?.(context) ?? []),
    ${factoryName(name)}({ maxFields: 2, log: context.log }),
  ],
});
`;
}

function testFile(name: string): string {
  const use = factoryName(name);
  return `import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ${use} } from '../../plugins/${name}/index.ts';
import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { federated, startSubgraph, type TestSubgraph } from '../harness/subgraph.ts';
import { until } from '../harness/until.ts';

test('a wrong option stops the start, with its name and what it takes', () => {
  expect(() => ${use}({ maxFields: -1, log: { info: () => {} } })).toThrow(
    '${use}: maxFields is -1; it takes a whole number from 0',
  );
});

describe('on a gateway', () => {
  let numbers: TestSubgraph;
  let gateway: TestGateway;

  beforeAll(async () => {
    numbers = await startSubgraph('numbers', federated('type Query { one: Int two: Int three: Int }'), {
      Query: { one: () => 1, two: () => 2, three: () => 3 },
    });
    const config = new URL('gateway.config.ts', import.meta.url).pathname;
    gateway = await startGateway({ subgraphs: [numbers], config });
  });
  afterAll(async () => {
    await gateway?.[Symbol.asyncDispose]();
    await numbers?.[Symbol.asyncDispose]();
  });

  test('an operation with many fields is logged, and answered', async () => {
    expect(await gateway.query('{ one two }')).toEqual({ data: { one: 1, two: 2 } });
    expect(await gateway.query('{ one two three }')).toEqual({ data: { one: 1, two: 2, three: 3 } });
    await until('the log', () => gateway.log().includes('An operation has many fields'));
    expect(gateway.log().match(/An operation has many fields/g)).toHaveLength(1);
  });
});
`;
}

function pascal(name: string): string {
  return name.replaceAll(/(?:^|-)([a-z0-9])/g, (_, first: string) => first.toUpperCase());
}

function title(name: string): string {
  const words = name.replaceAll('-', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
