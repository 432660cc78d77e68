import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { composed, toSubgraphs } from '../../composition/cases/in-process.ts';
import { startGateway } from '../../harness/gateway.ts';
import { federated, startSubgraph } from '../../harness/subgraph.ts';
import { until } from '../../harness/until.ts';
import { startPlanner } from '../../../plugins/execution/isolated-planner.ts';

/** What the planner dies of: b requires what a has, and has a key that a lacks beside the common one. */
const A = federated('type Query { p: P } type P @key(fields: "id") { id: ID! price: Int name: String }');
const B = federated(
  'type P @key(fields: "sku id") @key(fields: "id") { id: ID! sku: ID! price: Int @external tax: Int @requires(fields: "price") }',
);
const DEADLY = '{ p { tax } }';

const task = (document: string) => ({ document, operationName: undefined, labels: [], percentage: 0 });

function supergraph(): string {
  return composed(toSubgraphs({ a: { sdl: A }, b: { sdl: B } })).supergraphSdl;
}

/** The planners that this process, or another, has for children. */
function planners(parent: number): number[] {
  const lines = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n');
  return lines
    .map((line) => line.trim().split(/\s+/))
    .filter(([, ppid, ...args]) => Number(ppid) === parent && args.some((arg) => arg.endsWith('planner-process.ts')))
    .map(([pid]) => Number(pid));
}

test('an operation that the planner dies of fails alone; those planned at the same time get their plans', async () => {
  const reasons: string[] = [];
  const planner = await startPlanner(supergraph(), { error: (_, message) => void reasons.push(message) });
  try {
    const documents = Array.from({ length: 12 }, (_, index) => (index === 3 ? DEADLY : `{ p { n${index}: name } }`));
    const outcomes = await Promise.allSettled(documents.map((document) => planner.plan(task(document))));
    expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual(documents.map((one) => one !== DEADLY));
    expect(reasons).toEqual([expect.stringContaining('panicked')]);
  } finally {
    planner.close();
  }
});

test('a planner that is closed ends its process and answers no more', async () => {
  const before = planners(process.pid).length;
  const planner = await startPlanner(supergraph(), undefined);
  expect(planners(process.pid)).toHaveLength(before + 1);
  const late = planner.plan(task('{ p { name } }'));
  planner.close();
  await expect(late).rejects.toThrow('no longer served');
  await expect(planner.plan(task('{ p { name } }'))).rejects.toThrow('no longer served');
  await until('the process to end', () => planners(process.pid).length === before);
});

test('a supergraph that the planner cannot read is refused with its reason', async () => {
  await expect(startPlanner('type Query {', undefined)).rejects.toThrow(/./);
});

test('a client cannot end the gateway with an operation that the planner dies of', async () => {
  await using a = await startSubgraph('a', A, { Query: { p: () => ({ id: '1', price: 2, name: 'one' }) } });
  await using b = await startSubgraph('b', B);
  await using gateway = await startGateway({ subgraphs: [a, b] });
  const good = '{ p { name } }';
  expect(await gateway.query(good)).toEqual({ data: { p: { name: 'one' } } });

  const deadly = await gateway.query(DEADLY);
  expect(deadly.data ?? null).toBeNull();
  expect(deadly.errors?.map(({ extensions }) => extensions?.code)).toEqual(['INTERNAL_SERVER_ERROR']);
  expect(JSON.stringify(deadly)).not.toMatch(/planner|panicked|mismatch_finder/);
  expect(gateway.log()).toContain('panicked');

  expect(await gateway.query(good)).toEqual({ data: { p: { name: 'one' } } });
  expect(await gateway.query('{ p { id name } }')).toEqual({ data: { p: { id: '1', name: 'one' } } });

  const before = planners(gateway.pid);
  await gateway.query(DEADLY);
  expect(planners(gateway.pid), 'it is not tried again').toEqual(before);
});

test('a gateway that is killed leaves no planner behind', async () => {
  await using a = await startSubgraph('a', A.replace('price: Int', ''), { Query: { p: () => ({ id: '1' }) } });
  let left: number[];
  {
    await using gateway = await startGateway({ subgraphs: [a] });
    left = planners(gateway.pid);
    expect(left).not.toEqual([]);
  }
  await until('its planner to end', () => left.every((pid) => !isAlive(pid)));
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
