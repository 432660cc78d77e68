import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BucketEntry } from '../../../plugins/limits/buckets/entry.ts';
import { createTokenStore, type TokenStore } from '../../../plugins/limits/buckets/token-store.ts';
import { connectRedis, type SharedStore } from '../../../plugins/redis/index.ts';
import { startRedis, type RedisServer } from '../../harness/redis.ts';
import { until } from '../../harness/until.ts';
import { startLoad, type Load, type LoadedTake } from '../../limits/load.ts';

/** bench/limits has the figures for 50 ms and 20 ms more; here other tests keep the machine busy. */
const TIMEOUT_MS = 150;
const GRACE_MS = 250;
/** How long others would wait. */
const COMMAND_TIMEOUT_MS = 500;
const CONCURRENCY = 32;
const PROCESSES = 4;
/** Longer than it takes to notice that Redis hangs, and than all pauses before it is connected to anew. */
const AWAY_MS = Number(process.env['LIMITS_AWAY_MS'] ?? 2500);
/** The promise is a second. */
const BACK_MS = 1000 + GRACE_MS;

const entry: BucketEntry = {
  kind: 'bucket',
  key: 'all',
  bucket: { capacity: 200, refillPerSecond: 100 },
  amount: 1,
};

let server: RedisServer;
let store: SharedStore;
let tokens: TokenStore;
let load: Load;
beforeEach(async () => {
  server = await startRedis();
  store = connectRedis({
    url: server.url,
    commandTimeoutMs: COMMAND_TIMEOUT_MS,
    log: { info() {}, warn() {}, error() {} },
  });
  await store.get('connected');
  tokens = createTokenStore({ store, timeoutMs: TIMEOUT_MS, processes: PROCESSES });
  load = startLoad(tokens, CONCURRENCY, entry);
  await until('the load', () => load.taken().length > CONCURRENCY);
});
afterEach(async () => {
  await load.stop();
  await tokens.close();
  await store.close();
  await server.close();
});

const admittedOf = (takes: readonly LoadedTake[]): number =>
  takes.filter(({ outcome }) => outcome === 'admitted').length;

/** What holds of an outage from its beginning until Redis is used again. */
async function outage(begin: () => void | Promise<void>, end: () => void | Promise<void>): Promise<void> {
  load.taken();
  const began = performance.now();
  await begin();
  await sleep(AWAY_MS);
  const away = load.taken();
  await end();
  const back = performance.now();
  const after: LoadedTake[] = [];
  await until('the limit to hold again', () => {
    after.push(...load.taken());
    return after.some(({ countedBy }) => countedBy === 'store');
  });
  await sleep(500);
  after.push(...load.taken());

  // Whoever was under way when it began has waited, once; the rest have not.
  const waits = [...away, ...after].map(({ waitedMs }) => waitedMs);
  expect(Math.max(...waits)).toBeLessThan(TIMEOUT_MS + GRACE_MS);
  expect(waits.filter((ms) => ms > TIMEOUT_MS * 0.9).length).toBeLessThanOrEqual(CONCURRENCY);
  expect(away.filter(({ countedBy }) => countedBy === 'local').length).toBeGreaterThan(CONCURRENCY * 10);

  // Its part of the tokens, and what it may still have had from Redis.
  const { capacity, refillPerSecond } = entry.bucket;
  const seconds = (back - began) / 1000;
  expect(admittedOf(away)).toBeGreaterThan((refillPerSecond / PROCESSES) * (seconds / 2));
  expect(admittedOf(away.filter(({ countedBy }) => countedBy === 'local'))).toBeLessThanOrEqual(
    (capacity + refillPerSecond * seconds) / PROCESSES + 1,
  );

  const alone = after.filter(({ countedBy }) => countedBy === 'local');
  expect(Math.max(back, ...alone.map(({ askedAt }) => askedAt)) - back).toBeLessThan(BACK_MS);
}

describe('under load, no take rejects or waits longer than the timeout, and the limit holds again a second after', () => {
  it('Redis hangs', async () => {
    await outage(
      () => server.pause(),
      () => server.resume(),
    );
  });

  it('Redis is killed and started again', async () => {
    await outage(
      () => server.kill(),
      () => server.restart(),
    );
  });
});
