import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoff, retryAfter } from '../../plugins/upstream/backoff.ts';
import { concurrencyLimit, type Release } from '../../plugins/upstream/concurrency-limit.ts';
import { limitsOf } from '../../plugins/upstream/options.ts';
import { retryBudget } from '../../plugins/upstream/retry-budget.ts';

const never = new AbortController().signal;

test('no more calls run than the limit, no more wait than the queue, and none is forgotten', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 0, max: 4 }),
      fc.array(fc.constantFrom('call', 'end', 'give up'), { maxLength: 60 }),
      async (calls, queue, steps) => {
        const limit = concurrencyLimit({ calls, queue });
        const running: Release[] = [];
        const waiting: AbortController[] = [];
        let settled: Promise<unknown>[] = [];
        for (const step of steps) {
          if (step === 'call') {
            const controller = new AbortController();
            const room = limit.acquire(controller.signal);
            if (!room) {
              expect(limit.running()).toBe(calls);
              expect(limit.waiting()).toBe(queue);
              continue;
            }
            waiting.push(controller);
            settled.push(
              Promise.resolve(room).then(
                (release) => running.push(release),
                () => undefined,
              ),
            );
          } else if (step === 'end') {
            running.shift()?.();
          } else {
            waiting.pop()?.abort();
          }
          await Promise.race([Promise.all(settled), Promise.resolve()]);
          expect(limit.running()).toBeLessThanOrEqual(calls);
          expect(limit.waiting()).toBeLessThanOrEqual(queue);
        }
        for (let turn = 0; turn < 200 && (limit.running() > 0 || limit.waiting() > 0); turn++) {
          await Promise.resolve();
          running.shift()?.();
        }
        expect([limit.running(), limit.waiting()]).toEqual([0, 0]);
        settled = [];
      },
    ),
    { numRuns: Number(process.env.FAST_CHECK_RUNS ?? 300) },
  );
});

test('releasing twice frees one place only', async () => {
  const limit = concurrencyLimit({ calls: 1, queue: 0 });
  const release = await limit.acquire(never);
  release?.();
  release?.();
  expect(limit.acquire(never)).toBeDefined();
  expect(limit.acquire(never)).toBeUndefined();
});

test('retries stay within their share of the calls, but for a small reserve', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.array(fc.boolean(), { maxLength: 500 }),
      (ratio, steps) => {
        const budget = retryBudget(ratio);
        let calls = 0;
        let retries = 0;
        for (const isCall of steps) {
          if (isCall) {
            budget.called();
            calls++;
          } else if (budget.take()) retries++;
          expect(retries).toBeLessThanOrEqual(10 + calls * ratio + 1e-6);
        }
      },
    ),
  );
});

test('the wait before a retry is anything up to a bound that doubles and is capped', () => {
  const options = { baseDelay: 100, maxDelay: 1_000 };
  expect([1, 2, 3, 4, 5].map((retry) => backoff(retry, options, () => 1))).toEqual([100, 200, 400, 800, 1_000]);
  expect(backoff(3, options, () => 0)).toBe(0);
});

test.each([
  ['7', 7_000],
  ['Thu, 01 Jan 1970 00:00:10 GMT', 8_000],
  ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ['soon', undefined],
  [null, undefined],
])('Retry-After: %s means %s ms', (header, expected) => {
  expect(retryAfter(header, 2_000)).toBe(expected);
});

test('a subgraph has its own limits, then those of all, then the defaults', () => {
  const options = { timeout: 1_000, subgraphs: { slow: { timeout: 9_000 } } };
  expect(limitsOf(options, 'slow')).toMatchObject({ timeout: 9_000, retries: 2 });
  expect(limitsOf(options, 'other')).toMatchObject({ timeout: 1_000 });
});

test.each([
  [{ timeout: 0 }, 'timeout'],
  [{ retries: -1 }, 'retries'],
  [{ retryBudget: 2 }, 'retryBudget'],
  [{ subgraphs: { a: { concurrency: 1.5 } } }, 'concurrency'],
])('%j is refused, naming the option', (options, name) => {
  expect(() => limitsOf(options, 'a')).toThrow(new RegExp(`useUpstream: ${name} is`));
});
