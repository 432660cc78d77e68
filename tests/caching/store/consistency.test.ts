import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startRedis, type RedisServer } from '../../harness/redis.ts';
import { redisCli } from '../../redis/redis-cli.ts';
import { startSentinels } from '../../redis/topologies.ts';
import { staleReads, startGateways, type Gateways, type Report, type Run } from './gateways.ts';

/** How long everything runs at once, in ms. */
const RUN_MS = Number(process.env['CACHE_CONSISTENCY_MS'] ?? 1500);
/** The command timeout, and what a machine that is busy with other tests adds to it. */
const LONGEST_WAIT_MS = 100 + 900;
const ENTITIES = 12;
const PROCESSES = 3;

let upstream: RedisServer;
let gateways: Gateways;
beforeAll(async () => {
  upstream = await startRedis();
});
afterAll(() => upstream?.close());

/** Concurrent readers, writers and invalidations in several processes, while `faults` happen. */
async function live(url: string, faults: () => Promise<void>): Promise<readonly Report[]> {
  await redisCli(upstream.port, 'FLUSHALL');
  gateways = await startGateways(PROCESSES);
  try {
    const run: Run = { url, upstreamUrl: upstream.url, entities: ENTITIES, readers: 8, writers: 1, maxDelayMs: 8 };
    await gateways.start(run);
    await faults();
    await gateways.recovered();
    // Everybody goes on for a while after all is well again.
    await sleep(300);
    const reports = await gateways.stop();
    await gateways.recovered();
    await expectNothingStaleLeft();
    return reports;
  } finally {
    await gateways.close();
  }
}

/** All that was invalidated has been delivered by now: no process may find anything older than what is upstream. */
async function expectNothingStaleLeft(): Promise<void> {
  for (let entity = 0; entity < ENTITIES; entity++) {
    const version = Number(await redisCli(upstream.port, 'GET', `entity ${entity}`));
    for (const read of await gateways.all<number | null>({ do: 'read', entity })) {
      // Null: not found.
      if (read !== null) expect(read).toBe(version);
    }
  }
}

function expectConsistent(reports: readonly Report[]): void {
  expect(staleReads(reports)).toEqual([]);
  expect(reports.flatMap(({ heardAndServed }) => heardAndServed)).toEqual([]);
  expect(reports.flatMap(({ errors }) => errors)).toEqual([]);
  expect(Math.max(...reports.map(({ longestWaitMs }) => longestWaitMs))).toBeLessThan(LONGEST_WAIT_MS);
  const total = (tier: 'l1' | 'l2' | 'fetch'): number => reports.reduce((sum, { from }) => sum + from[tier], 0);
  // Or it would show nothing.
  for (const tier of ['l1', 'l2', 'fetch'] as const) expect(total(tier)).toBeGreaterThan(50);
  expect(reports.flatMap(({ acknowledged }) => acknowledged).length).toBeGreaterThan(50);
}

it('nobody reads what was invalidated before, as far as it could be known', async () => {
  const redis = await startRedis();
  try {
    expectConsistent(await live(redis.url, () => sleep(RUN_MS)));
  } finally {
    await redis.close();
  }
});

it('nor while Redis is killed and started again, hangs, and loses its subscribers', async () => {
  const redis = await startRedis();
  try {
    const reports = await live(redis.url, async () => {
      for (const fault of [killed, hanging, deaf]) {
        await sleep(RUN_MS / 6);
        await fault(redis);
        await gateways.recovered();
      }
    });
    expectConsistent(reports);
  } finally {
    await redis.close();
  }
});

it('nor while a replica is promoted that lacks what was acknowledged last', async () => {
  const sentinels = await startSentinels();
  try {
    const reports = await live(sentinels.url, async () => {
      await sleep(RUN_MS / 4);
      // What comes from now on is acknowledged, and not replicated.
      sentinels.replica.pause();
      await sleep(300);
      await sentinels.master.kill();
      sentinels.replica.resume();
    });
    expectConsistent(reports);
  } finally {
    await sentinels.close();
  }
});

async function killed(redis: RedisServer): Promise<void> {
  await redis.kill();
  await sleep(500);
  await redis.restart();
}

async function hanging(redis: RedisServer): Promise<void> {
  redis.pause();
  await sleep(1200);
  redis.resume();
}

/** Connections for subscriptions are closed again and again. */
async function deaf(redis: RedisServer): Promise<void> {
  for (let i = 0; i < 5; i++) {
    await redisCli(redis.port, 'CLIENT', 'KILL', 'TYPE', 'pubsub');
    await sleep(60);
  }
}
