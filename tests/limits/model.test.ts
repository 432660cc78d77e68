import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Bucket } from '../../plugins/limits/buckets/bucket.ts';
import type { Admitted, Entry, EntryState } from '../../plugins/limits/buckets/entry.ts';
import { createTokenStore } from '../../plugins/limits/buckets/token-store.ts';
import { createQuota, type Quota } from '../../plugins/limits/quotas/quota.ts';
import { startRedis, type RedisServer } from '../harness/redis.ts';
import { clockedStore } from './clocked-store.ts';
import { bucketModel, quotaModel } from './reference.ts';

/** Schedules for each store; more of them with LIMITS_RUNS. */
const RUNS = Number(process.env['LIMITS_RUNS'] ?? 400);
const START = Date.UTC(2026, 10, 23, 9, 30, 30);
/** Kept apart from the store's clock, as those of two machines are. */
const SKEW_MS = 20_000;

const minute = { unit: 'minute' } as const;
const buckets: Readonly<Record<'quick' | 'slow' | 'beyond', Bucket>> = {
  quick: { capacity: 10, refillPerSecond: 5 },
  slow: { capacity: 4, refillPerSecond: 0.125 },
  beyond: { capacity: 3, refillPerSecond: 0.5 },
};
const quotas: Readonly<Record<'strict' | 'billed' | 'throttled', Quota>> = {
  strict: createQuota({ limit: 12, period: minute }),
  billed: createQuota({ limit: 5, period: minute, overage: 'allow' }),
  throttled: createQuota({ limit: 5, period: minute, overage: { throttle: buckets.beyond } }),
};
type QuotaName = keyof typeof quotas;
const NAMES = ['quick', 'slow', 'strict', 'billed', 'throttled'] as const;

const amount = fc.oneof(fc.integer({ min: 0, max: 6 }), fc.constantFrom(0.1, 0.7, 2.3, 1e-6, 11, 40));
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('take' as const),
      amounts: fc.dictionary(fc.constantFrom(...NAMES), amount, { minKeys: 1 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('settle' as const), which: fc.nat(), actual: amount }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('pass' as const),
      ms: fc.oneof(fc.integer({ min: 1, max: 3000 }), fc.constant(61_000)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: -5000, max: -1 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('skew' as const), ms: fc.integer({ min: -SKEW_MS, max: SKEW_MS }) }),
  },
);

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;
const take = (amounts: Partial<Record<(typeof NAMES)[number], number>>): Step => ({ do: 'take', amounts });
const pass = (ms: number): Step => ({ do: 'pass', ms });
/** What is too rare to be left to chance. */
const EXAMPLES: ReadonlyArray<readonly Step[]> = [
  // A clock that goes back neither mints nor keeps back, also where nothing is written meanwhile but refused.
  [take({ slow: 4 }), pass(-5000), take({ slow: 1 }), pass(8000), take({ slow: 1 })],
  [take({ throttled: 8 }), pass(-5000), take({ throttled: 1 }), pass(2000), take({ throttled: 1 })],
  [take({ quick: 10 }), pass(-5000), take({ quick: 0 }), pass(200), take({ quick: 1 })],
  // What was beyond the limit is given back first.
  [take({ throttled: 8 }), { do: 'settle', which: 0, actual: 5 }, take({ throttled: 3 }), take({ throttled: 1 })],
  // Back over the end of a period, and in it again.
  [
    take({ strict: 12 }),
    pass(31_000),
    take({ strict: 5 }),
    pass(-5000),
    take({ strict: 1 }),
    pass(5000),
    take({ strict: 8 }),
  ],
];

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server?.close());

let schedules = 0;

describe.each(['Redis', 'memory'] as const)('buckets and quotas in %s', (where) => {
  it('are as the reference says, whatever is taken and given back and however the clock goes', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const clock = { now: START };
    const store = clockedStore(clock, where === 'Redis' ? server.url : undefined);
    onTestFinished(async () => {
      vi.useRealTimers();
      await store.close();
    });
    const tokens = createTokenStore({ store, timeoutMs: 5000 });

    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
        const schedule = ++schedules;
        clock.now = START;
        let skew = 0;
        const model = {
          quick: bucketModel(buckets.quick),
          slow: bucketModel(buckets.slow),
          beyond: bucketModel(buckets.beyond),
          strict: quotaModel(12),
          billed: quotaModel(5),
          throttled: quotaModel(5),
        };
        const reached = new Map<string, number[]>();
        const most = new Map<string, number>();
        const open: Array<{ answer: Admitted; minute: number }> = [];

        const entryOf = (name: (typeof NAMES)[number], asked: number): Entry => {
          const key = `${where} ${schedule} ${name}`;
          return name === 'quick' || name === 'slow'
            ? { kind: 'bucket', key, bucket: buckets[name], amount: asked }
            : { kind: 'quota', key, quota: quotas[name], amount: asked };
        };
        const micro = (tokensOf: number): number => Math.round(tokensOf * 1e6);
        const beyondOf = (asked: number, at: number): number =>
          Math.max(0, Math.min(asked, asked - model.throttled.left(at)));
        const allows = (name: (typeof NAMES)[number], asked: number, at: number): boolean => {
          if (asked === 0 || name === 'billed') return true;
          if (name !== 'throttled') return asked <= model[name].left(at);
          return beyondOf(asked, at) <= Math.max(0, model.beyond.left(at));
        };
        const checkRetry = (name: (typeof NAMES)[number], asked: number, { verdict }: EntryState): void => {
          if (verdict === 'allowed') return;
          const { retryAfterMs } = verdict;
          if (retryAfterMs === 'never') expect(allows(name, asked, clock.now + 3_600_000)).toBe(false);
          else {
            expect(allows(name, asked, clock.now + retryAfterMs)).toBe(true);
            expect(allows(name, asked, clock.now + retryAfterMs - 1)).toBe(false);
          }
        };
        const nameOf = ({ entry }: EntryState): (typeof NAMES)[number] => entry.key.split(' ')[2] as never;
        const noteReached = (states: readonly EntryState[]): void => {
          for (const state of states) {
            if (state.kind !== 'quota') continue;
            const id = `${state.entry.key} ${state.period.id}`;
            reached.set(id, [...(reached.get(id) ?? []), ...state.reached]);
            const line = state.entry.quota.limit;
            most.set(id, Math.max(most.get(id) ?? 0, state.used));
            const expected = [0.8, 1].filter((part) => micro(part * line) <= micro(most.get(id) ?? 0));
            expect(reached.get(id)).toEqual(expected);
          }
        };

        for (const now of steps) {
          if (now.do === 'skew') skew = now.ms;
          if (now.do === 'pass') clock.now += now.ms;
          vi.setSystemTime(clock.now + skew);
          if (now.do === 'take') {
            const asked = Object.entries(now.amounts) as Array<[(typeof NAMES)[number], number]>;
            const answer = await tokens.take(asked.map(([name, tokensOf]) => entryOf(name, tokensOf)));
            const verdicts = asked.map(([name, tokensOf]) => allows(name, micro(tokensOf), clock.now));
            expect(answer.states.map(({ verdict }) => verdict === 'allowed')).toEqual(verdicts);
            for (const [i, [name, tokensOf]] of asked.entries()) {
              checkRetry(name, micro(tokensOf), answer.states[i] as EntryState);
            }
            expect(answer.outcome).toBe(verdicts.every(Boolean) ? 'admitted' : 'refused');
            if (answer.outcome === 'admitted') {
              for (const [name, tokensOf] of asked) {
                if (name === 'throttled') model.beyond.take(clock.now, beyondOf(micro(tokensOf), clock.now));
                model[name].take(clock.now, micro(tokensOf));
              }
              open.push({ answer, minute: Math.floor(clock.now / 60_000) });
            }
            for (const state of answer.states) {
              expect(state.countedBy).toBe('store');
              const left = Math.max(0, model[nameOf(state)].left(clock.now));
              if (nameOf(state) === 'throttled') model.beyond.left(clock.now);
              expect(micro(state.remaining)).toBe(left);
              if (state.kind === 'quota') {
                const minuteNow = Math.floor(clock.now / 60_000);
                expect(state.period.startsAt).toBe(minuteNow * 60_000);
                expect(micro(state.used)).toBe(model[nameOf(state) as QuotaName].used(minuteNow));
              }
            }
            noteReached(answer.states);
          }
          if (now.do === 'settle' && open.length > 0) {
            const [{ answer, minute: then }] = open.splice(now.which % open.length, 1) as [(typeof open)[number]];
            const settled = await tokens.settle(
              answer,
              answer.states.map(() => now.actual),
            );
            expect(settled.outcome).toBe('settled');
            for (const state of answer.states) {
              const difference = micro(now.actual) - micro(state.entry.amount);
              const name = nameOf(state);
              if (difference === 0) continue;
              if (name === 'quick' || name === 'slow') model[name].take(clock.now, difference);
              else {
                if (name === 'throttled' && state.kind === 'quota') {
                  const over = model.throttled.used(then) + difference - 5e6;
                  const share =
                    difference > 0
                      ? Math.max(0, Math.min(difference, over))
                      : Math.max(difference, -micro(state.beyond));
                  model.beyond.take(clock.now, share);
                }
                model[name].correct(then, difference);
              }
            }
            noteReached(settled.states.filter((_, i) => answer.states[i]?.entry.amount !== now.actual));
          }
        }
      }),
      { numRuns: RUNS, examples: EXAMPLES.map((steps) => [[...steps]]) },
    );
  });
});
