import { afterAll, beforeAll, expect, test } from 'vitest';
import { redisCli } from '../redis/redis-cli.ts';
import { startCluster } from '../redis/topologies.ts';
import { END_PROMISE, expectGoodEnd, expectGoodService, PROMISE } from './whole/redis-fault.ts';
import { sharedAgain } from './whole/promises.ts';
import { startSurroundings, type Surroundings } from './whole/surroundings.ts';
import { startWholeGateway, type WholeGateway } from './whole/whole-gateway.ts';

// Two whole gateways, under load, on a Redis Cluster whose slots move.

/** Keys that belong together have one, and so one slot. */
const HASH_TAG = /\{.+\}/;
const KEYS_AT_ONCE = '100';

let around: Surroundings;
let cluster: Awaited<ReturnType<typeof startCluster>>;
let gateways: readonly WholeGateway[] = [];

beforeAll(async () => {
  [around, cluster] = await Promise.all([startSurroundings(), startCluster()]);
  const start = () => startWholeGateway(around, { redisUrl: cluster.url });
  gateways = await Promise.all([start(), start()]);
  await sharedAgain(around, gateways);
});

afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway[Symbol.asyncDispose]()));
  await Promise.all([around?.[Symbol.asyncDispose](), cluster?.close()]);
});

const linesOf = (output: string): string[] => output.split('\n').filter((line) => line !== '');

/** The slots of all keys with a hash tag, those of limits and of the cache among them, by the port of their node. */
async function slotsInUse(): Promise<ReadonlyMap<string, number>> {
  const slots = new Map<string, number>();
  for (const { port } of cluster.nodes) {
    for (const key of linesOf(await redisCli(port, '--scan'))) {
      if (HASH_TAG.test(key)) slots.set((await redisCli(port, 'CLUSTER', 'KEYSLOT', key)).trim(), port);
    }
  }
  return slots;
}

/** As `redis-cli --cluster reshard` does it. */
async function move(slot: string, from: number, to: number): Promise<void> {
  const [fromId = '', toId = ''] = await Promise.all(
    [from, to].map(async (port) => (await redisCli(port, 'CLUSTER', 'MYID')).trim()),
  );
  await redisCli(to, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId);
  await redisCli(from, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId);
  for (;;) {
    const keys = linesOf(await redisCli(from, 'CLUSTER', 'GETKEYSINSLOT', slot, KEYS_AT_ONCE));
    if (keys.length === 0) break;
    await redisCli(from, 'MIGRATE', '127.0.0.1', String(to), '', '0', '5000', 'REPLACE', 'KEYS', ...keys);
  }
  for (const port of [to, from, ...cluster.nodes.map((node) => node.port)]) {
    await redisCli(port, 'CLUSTER', 'SETSLOT', slot, 'NODE', toId);
  }
}

test(`while slots move between the nodes of a Cluster ${PROMISE}`, async () => {
  const ports = cluster.nodes.map(({ port }) => port);
  const moved: string[] = [];
  async function moveAllToTheNextNode(): Promise<void> {
    for (const [slot, from] of await slotsInUse()) {
      await move(slot, from, ports[(ports.indexOf(from) + 1) % ports.length] ?? from);
      moved.push(slot);
    }
  }
  await expectGoodService(around, gateways, { begin: moveAllToTheNextNode, end: moveAllToTheNextNode });
  // Those of limits and of the cache, twice.
  expect(moved.length).toBeGreaterThanOrEqual(4);
  expect(new Set(moved).size).toBeGreaterThanOrEqual(2);
});

test(END_PROMISE, () => expectGoodEnd(gateways));
