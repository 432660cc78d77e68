import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { federated, startSubgraph, type TestSubgraph } from '../harness/subgraph.ts';
import { until } from '../harness/until.ts';

const SDL = federated('type Query { echo(text: String, n: Int, id: ID): String @cost(weight: 0) }').replace(
  'extend schema',
  'directive @cost(weight: Int!) on FIELD_DEFINITION\nextend schema',
);
const ARGUMENTS = 'text: String, n: Int, id: ID';

let subgraph: TestSubgraph;
let gateway: TestGateway;
let auditFile: string;

beforeAll(async () => {
  auditFile = join(await mkdtemp(join(tmpdir(), 'gatehouse-shared-')), 'audit.jsonl');
  subgraph = await startSubgraph('echoes', SDL, {
    Query: { echo: (_: unknown, args: object) => JSON.stringify(args) },
  });
  gateway = await startGateway({ subgraphs: [subgraph], env: { AUDIT_FILE: auditFile } });
});

afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await subgraph?.[Symbol.asyncDispose]();
});

const echoed = async (text: string, variables?: Record<string, unknown>) => {
  const { data, errors } = await gateway.query(text, variables);
  return errors ?? (JSON.parse((data as { echo: string } | null)?.echo ?? 'null') as unknown);
};

test('a client that writes values into its texts has each answered, and its subgraph is asked by one document', async () => {
  for (let n = 0; n < 6; n++) {
    expect(await echoed(`query Q($id: ID) { echo(text: "t${n}", n: ${n}, id: $id) }`, { id: `i${n}` })).toEqual({
      text: `t${n}`,
      n,
      id: `i${n}`,
    });
  }
  const calls = subgraph.calls.slice(-6);
  expect(calls[0]?.query).toContain('"t0"');
  expect(new Set(calls.slice(2).map(({ query }) => query)).size).toBe(1);
  expect(calls.at(-1)?.variables).toEqual({ id: 'i5', literal_0: 't5', literal_1: 5 });
});

test('a value that does not fit is refused as it is without that', async () => {
  for (const n of ['1', '2', '3']) await echoed(`{ echo(n: ${n}) }`);
  const refused = await echoed('{ echo(n: 2147483648) }');
  expect(refused).toEqual([expect.objectContaining({ locations: [{ line: 1, column: 11 }] })]);
  expect(JSON.stringify(refused)).not.toContain('literal_');
});

test('variables of the client are told of in the audit log, and no others', async () => {
  const last = async () =>
    (await readFile(auditFile, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { operation?: { name?: string }; variables?: object })
      .findLast(({ operation }) => operation?.name === 'Last');
  for (let n = 0; n < 4; n++) await echoed(`query Last($id: ID) { echo(text: "u${n}", id: $id) }`, { id: 'x' });
  expect(subgraph.calls.at(-1)?.variables).toHaveProperty('literal_0');
  const record = await until('the record', last);
  expect(Object.keys(record.variables ?? {})).toEqual(['id']);
});

test('what is shared on one schema is not on the next', async () => {
  const text = (n: number) => `{ echo(id: ${n}) }`;
  for (let n = 0; n < 4; n++) expect(await echoed(text(n))).toEqual({ id: String(n) });
  subgraph.change(SDL.replace(ARGUMENTS, ARGUMENTS.replace('id: ID', 'id: Int')));
  await until('the new schema', async () => JSON.stringify(await echoed(text(3))) === '{"id":3}');
  for (let n = 0; n < 6; n++) expect(await echoed(text(n))).toEqual({ id: n });
});
