import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { createCounter, type Ask, type Counter } from '../../plugins/limits/buckets/counter.ts';
import type { Entry } from '../../plugins/limits/buckets/entry.ts';
import { createQuota } from '../../plugins/limits/quotas/quota.ts';
import { startRedis, type RedisServer } from '../harness/redis.ts';
import { clockedStore } from './clocked-store.ts';

const RUNS = Number(process.env['LIMITS_RUNS'] ?? 150);

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server?.close());

let schedules = 0;

/** With rates and amounts of which no sum is exact, and over years. */
it('Lua and TypeScript give the same answers to the same schedule', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const clock = { now: Date.UTC(2026, 0, 1) };
  const stores = [clockedStore(clock, server.url), clockedStore(clock)];
  onTestFinished(async () => {
    vi.useRealTimers();
    for (const store of stores) await store.close();
  });
  const [redis, memory] = stores.map((store) => createCounter('store', store.run)) as [Counter, Counter];

  const capacity = fc.oneof(fc.double({ min: 0.01, max: 1e9, noNaN: true }), fc.integer({ min: 1, max: 20 }));
  const bucket = fc
    .record({ capacity, part: fc.double({ min: 1e-7, max: 2, noNaN: true }) })
    .map(({ capacity: full, part }) => ({ capacity: full, refillPerSecond: Math.min(1e9, full * part) }));
  const quota = fc
    .record({
      limit: capacity,
      unit: fc.constantFrom('minute' as const, 'hour' as const, 'day' as const),
      throttle: fc.option(bucket),
    })
    .chain(({ limit, unit, throttle }) =>
      fc
        .constantFrom('reject' as const, 'allow' as const)
        .map((plain) => createQuota({ limit, period: { unit }, overage: throttle === null ? plain : { throttle } })),
    );
  const policies = fc.array(fc.oneof(bucket, quota), { minLength: 1, maxLength: 4 });
  const part = fc.double({ min: 0, max: 1.3, noNaN: true });
  const step = fc.record({
    ms: fc.oneof(fc.integer({ min: -3000, max: 3000 }), fc.integer({ min: 0, max: 40 * 86_400_000 })),
    parts: fc.array(part, { minLength: 4, maxLength: 4 }),
    ahead: fc.constantFrom(0, 0, 0.1, 0.3),
    settle: fc.option(fc.array(part, { minLength: 4, maxLength: 4 })),
  });

  await fc.assert(
    fc.asyncProperty(policies, fc.array(step, { minLength: 1, maxLength: 25 }), async (made, steps) => {
      const schedule = ++schedules;
      for (const { ms, parts, ahead, settle } of steps) {
        clock.now += ms;
        vi.setSystemTime(clock.now);
        const asks = made.map((policy, i): Ask => {
          const key = `${schedule} ${i}`;
          const asked = parts[i] ?? 0;
          if ('limit' in policy) {
            return { entry: { kind: 'quota', key, quota: policy, amount: policy.limit * asked }, ahead: 0 };
          }
          const entry: Entry = { kind: 'bucket', key, bucket: policy, amount: policy.capacity * asked };
          return { entry, ahead: Math.floor(policy.capacity * 1e6 * ahead) };
        });
        const taken = await redis.take(asks);
        expect(await memory.take(asks)).toEqual(taken);
        if (settle === null || taken.some(({ state }) => state.verdict !== 'allowed')) continue;
        const differences = taken.map(({ state }, i) => {
          const of = state.kind === 'bucket' ? state.entry.bucket.capacity : state.entry.quota.limit;
          return { state, difference: Math.round(of * 1e6 * ((settle[i] ?? 0) - (parts[i] ?? 0))) };
        });
        expect(await memory.settle(differences)).toEqual(await redis.settle(differences));
      }
    }),
    { numRuns: RUNS },
  );
});
