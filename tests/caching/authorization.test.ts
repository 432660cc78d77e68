import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { connectRedis } from '../../plugins/redis/index.ts';
import { startRedis } from '../harness/redis.ts';
import { takeSteps, type Steps } from './cases/many-steps.ts';

/** 10,000 and more by command. */
const STEPS = Number(process.env.CACHE_STEPS ?? 1_000);
/** A failure tells its own; times and the order in which answers come are not in it. */
const SEED = Number(process.env.CACHE_SEED ?? Math.floor(Math.random() * 2 ** 31));
const TIMEOUT = 60_000 + STEPS * 50;
const PATIENT_MS = 5_000;

let exporter: InMemoryMetricExporter;
let provider: MeterProvider;
beforeEach(() => {
  exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  provider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })] });
  metrics.setGlobalMeterProvider(provider);
});
afterEach(async () => {
  await provider.shutdown();
  metrics.disable();
});

/** What the cache had, by tier. */
async function hits(): Promise<Readonly<Record<string, number>>> {
  await provider.forceFlush();
  const all =
    exporter
      .getMetrics()
      .at(-1)
      ?.scopeMetrics.flatMap((scope) => scope.metrics) ?? [];
  const points = all.find(({ descriptor }) => descriptor.name === 'gatehouse.cache.requests')?.dataPoints ?? [];
  const ofHits = points.filter(({ attributes }) => attributes['outcome'] === 'hit');
  return Object.fromEntries(ofHits.map(({ attributes, value }) => [String(attributes['tier']), Number(value)]));
}

/** That two are the same shows nothing of a cache that has nothing to do with it. */
function expectMuchFromCache(steps: Steps): void {
  const { compared, whole, wholePrivate, inPart, notModified, ofOthers, withErrors } = steps;
  expect(compared).toBeGreaterThan(STEPS * 0.8);
  expect(whole).toBeGreaterThan(compared / 20);
  expect(wholePrivate).toBeGreaterThan(compared / 150);
  expect(inPart).toBeGreaterThan(compared / 20);
  expect(ofOthers).toBeGreaterThan(compared / 50);
  expect(notModified).toBeGreaterThan(compared / 200);
  expect(withErrors).toBeGreaterThan(compared / 20);
}

test(
  'every caller gets from the cache what it gets without one, and never what is for somebody else',
  { timeout: TIMEOUT },
  async () => {
    const store = connectRedis();
    const steps = await takeSteps(STEPS, SEED, [{ store, responses: true }]);
    await store.close();
    expectMuchFromCache(steps);
    const { l1 = 0, entity = 0 } = await hits();
    expect(l1).toBeGreaterThan(STEPS / 10);
    expect(entity).toBeGreaterThan(STEPS / 10);
  },
);

test(
  'the same of gateways that share one Redis, of which one keeps no whole responses',
  { timeout: TIMEOUT },
  async () => {
    const redis = await startRedis();
    const stores = [1, 2, 3].map(() => connectRedis({ url: redis.url, commandTimeoutMs: PATIENT_MS }));
    try {
      const caches = stores.map((store, at) => ({ store, responses: at > 0 }));
      expectMuchFromCache(await takeSteps(STEPS, SEED, caches));
      const { l1 = 0, l2 = 0, entity = 0 } = await hits();
      expect(l1).toBeGreaterThan(STEPS / 50);
      expect(l2).toBeGreaterThan(STEPS / 50);
      expect(entity).toBeGreaterThan(STEPS / 10);
    } finally {
      for (const store of stores) await store.close();
      await redis.close();
    }
  },
);
