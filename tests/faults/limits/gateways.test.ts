import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RatePolicy } from '../../../plugins/limits/index.ts';
import { startDemoSubgraphs, type RunningDemo } from '../../../subgraphs/index.ts';
import { startGateway, type TestGateway } from '../../harness/gateway.ts';
import { startRedis, type RedisServer } from '../../harness/redis.ts';
import { until } from '../../harness/until.ts';
import { startCluster } from '../../redis/topologies.ts';
import { loadGateways, type LoadReport } from '../../limits/cases/gateway-load.ts';

// Several gateways on one Redis. `LIMITS_GATEWAYS=8 LIMITS_LOAD_MS=10000` for the whole of it, and with `LIMITS_CLUSTER=1`
// on a Cluster.

const GATEWAYS = Number(process.env['LIMITS_GATEWAYS'] ?? 2);
const ON_CLUSTER = process.env['LIMITS_CLUSTER'] === '1';
const CONNECTIONS = 64;
const LOAD_MS = Number(process.env['LIMITS_LOAD_MS'] ?? 2_000);
/** How long it goes on before something happens, in ms. */
const CALM_MS = 500;
const REFILL = 100;
const POLICY: RatePolicy = { name: 'all', scope: 'global', capacity: 150, refillPerSecond: REFILL };

let demo: RunningDemo;
let redis: RedisServer;
let cluster: Awaited<ReturnType<typeof startCluster>> | undefined;
let gateways: readonly TestGateway[] = [];

beforeAll(async () => {
  [demo, redis] = await Promise.all([startDemoSubgraphs({ ports: 'free' }), startRedis()]);
  cluster = ON_CLUSTER ? await startCluster() : undefined;
  const start = (): Promise<TestGateway> =>
    startGateway({
      subgraphs: demo.subgraphs,
      config: new URL('../../limits/cases/limits.config.ts', import.meta.url).pathname,
      // A late answer is one that nobody counts; here the machine is busy with eight gateways.
      env: {
        REDIS_URL: cluster?.url ?? redis.url,
        LIMITS: JSON.stringify({ policies: [POLICY], timeout: 2_000, processes: GATEWAYS }),
      },
    });
  const started: TestGateway[] = [];
  // Two at a time, as a start keeps a core busy.
  while (started.length < GATEWAYS) {
    started.push(...(await Promise.all(Array.from({ length: Math.min(2, GATEWAYS - started.length) }, start))));
  }
  gateways = started;
}, 240_000);
afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway[Symbol.asyncDispose]()));
  await Promise.all([demo?.close(), redis?.close(), cluster?.close()]);
});

async function allSeeRedis(status: 'ok' | 'down'): Promise<boolean> {
  const all = await Promise.all(gateways.map((gateway) => gateway.health()));
  return all.every(({ redis: seen }) => seen.status === status);
}

const load = (signal: AbortSignal): Promise<LoadReport> =>
  loadGateways(
    gateways.map(({ url }) => url),
    CONNECTIONS,
    signal,
  );

test(`${GATEWAYS} gateways with ${CONNECTIONS} connections each admit what one bucket gives, and never more`, async () => {
  const report = await load(AbortSignal.timeout(LOAD_MS));
  const admitted = report.statuses.get(200) ?? 0;
  expect([...report.statuses.keys()].toSorted()).toEqual([200, 429]);
  const given = (from: number, to: number) => POLICY.capacity + (REFILL * (to - from)) / 1_000;
  expect(admitted).toBeLessThanOrEqual(given(report.firstAskedAt, report.lastAnsweredAt + 1) + 1);
  expect(admitted).toBeGreaterThanOrEqual(given(report.firstAnsweredAt, report.lastAskedAt) * 0.99 - 1);
}, 120_000);

test.skipIf(ON_CLUSTER).each<[string, () => void | Promise<void>, () => void | Promise<void>]>([
  ['killed and started again', () => redis.kill(), () => redis.restart()],
  ['paused and resumed', () => redis.pause(), () => redis.resume()],
])(
  'while Redis is %s, requests are answered within the limits, and by Redis again after it',
  async (_, away, back) => {
    const ending = new AbortController();
    const loading = load(ending.signal);
    await pause(CALM_MS);
    await away();
    await until('Redis to be missed', () => allSeeRedis('down'));
    await pause(CALM_MS);
    await back();
    await until('Redis to be seen again', () => allSeeRedis('ok'));
    ending.abort();
    const report = await loading;
    // Not one failed, and none of them hung: the timeout of this test's gateways is 2 s.
    expect([...report.statuses.keys()].toSorted()).toEqual([200, 429]);
    expect(report.longest).toBeLessThan(5_000);
    const again = await load(AbortSignal.timeout(LOAD_MS));
    const admitted = again.statuses.get(200) ?? 0;
    const most = POLICY.capacity + (REFILL * (again.lastAnsweredAt - again.firstAskedAt + 1)) / 1_000 + 1;
    expect(admitted).toBeLessThanOrEqual(most);
  },
  120_000,
);
