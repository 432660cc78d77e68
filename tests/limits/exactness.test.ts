import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Bucket } from '../../plugins/limits/buckets/bucket.ts';
import type { LeaseOptions } from '../../plugins/limits/buckets/leases.ts';
import { createTokenStore } from '../../plugins/limits/buckets/token-store.ts';
import { connectRedis } from '../../plugins/redis/index.ts';
import { startRedis, type RedisServer } from '../harness/redis.ts';
import { startCluster } from '../redis/topologies.ts';
import { entryOf, startTakers, type TakerReport, type Takers, type ToldEntry } from './takers.ts';

const PROCESSES = 8;
const CONCURRENCY = 64;
const PATIENT_MS = 5000;
/** How long they take, in ms; longer with LIMITS_LOAD_MS. */
const FOR_MS = Number(process.env['LIMITS_LOAD_MS'] ?? 1500);
const BUCKET: Bucket = { capacity: 1000, refillPerSecond: 500 };

let takers: Takers;
let server: RedisServer;
let cluster: Awaited<ReturnType<typeof startCluster>>;
beforeAll(async () => {
  [takers, server, cluster] = await Promise.all([startTakers(PROCESSES), startRedis(), startCluster()]);
});
afterAll(async () => {
  await takers?.close();
  await server?.close();
  await cluster?.close();
});

interface Expected {
  /** From the first answer to the last question, and from the first question to the last answer. */
  readonly least: number;
  readonly most: number;
}

function expectedOf(reports: readonly TakerReport[]): Expected {
  const given = (from: number, until: number): number =>
    BUCKET.capacity + (BUCKET.refillPerSecond * (until - from)) / 1000;
  return {
    least: given(
      Math.min(...reports.map(({ firstAnsweredAt }) => firstAnsweredAt)),
      Math.max(...reports.map(({ lastAskedAt }) => lastAskedAt)),
    ),
    most: given(
      Math.min(...reports.map(({ firstAskedAt }) => firstAskedAt)),
      Math.max(...reports.map(({ lastAnsweredAt }) => lastAnsweredAt)) + 1,
    ),
  };
}

const sum = (reports: readonly TakerReport[], of: 'admitted' | 'refused' | 'leased' | 'alone'): number =>
  reports.reduce((total, report) => total + report[of], 0);

async function run(url: string, entries: readonly ToldEntry[], leases?: LeaseOptions): Promise<TakerReport[]> {
  const reports = await takers.take({
    url,
    entries,
    concurrency: CONCURRENCY,
    forMs: FOR_MS,
    ...(leases && { leases }),
  });
  expect(sum(reports, 'alone')).toBe(0);
  // All of them want more than there is, all the time.
  for (const { refused } of reports) expect(refused).toBeGreaterThan(CONCURRENCY);
  return reports;
}

describe(`${PROCESSES} processes with ${CONCURRENCY} requests each at one bucket`, () => {
  it.each(['one Redis', 'a Cluster'])('get what it has and what comes back, in %s', async (where) => {
    const url = where === 'one Redis' ? server.url : cluster.url;
    const counted: ToldEntry = { key: 'counted', counts: true };
    const reports = await run(url, [{ key: 'shared', bucket: BUCKET }, counted]);
    const { least, most } = expectedOf(reports);
    const admitted = sum(reports, 'admitted');
    expect(admitted).toBeLessThanOrEqual(Math.floor(most) + 1);
    expect(admitted).toBeGreaterThanOrEqual(least * 0.99);

    // Each take was from both of them or from none.
    const store = connectRedis({ url, commandTimeoutMs: PATIENT_MS });
    const tokens = createTokenStore({ store, timeoutMs: PATIENT_MS });
    onTestFinished(() => store.close());
    const { states } = await tokens.take([{ ...entryOf(counted), amount: 0 }]);
    expect(states).toMatchObject([{ countedBy: 'store', used: admitted }]);
  });

  it('get no more with leases, and less by no more than the leases hold', async () => {
    const share = 0.02;
    const reports = await run(server.url, [{ key: 'leased', bucket: BUCKET }], { share, durationMs: 200 });
    const { least, most } = expectedOf(reports);
    const admitted = sum(reports, 'admitted');
    expect(sum(reports, 'leased')).toBeGreaterThan(0);
    expect(admitted).toBeLessThanOrEqual(Math.floor(most) + 1);
    expect(admitted).toBeGreaterThanOrEqual(least * 0.99 - PROCESSES * share * BUCKET.capacity);
  });
});
