import fc from 'fast-check';
import { expect, test } from 'vitest';
import { circuitBreaker, type CircuitBreakerOptions, type Settle } from '../../plugins/upstream/circuit-breaker.ts';

const OPTIONS: CircuitBreakerOptions = {
  window: 1_000,
  minimumCalls: 4,
  errorRate: 0.5,
  slowCall: 100,
  slowRate: 0.75,
  openFor: 500,
  probes: 2,
};

function start() {
  let time = 0;
  const breaker = circuitBreaker(OPTIONS, () => time);
  const call = (outcome: 'success' | 'failure' | 'cancelled', takes = 0) => {
    const settle = breaker.enter();
    time += takes;
    settle?.(outcome);
    return settle !== undefined;
  };
  return { breaker, call, pass: (ms: number) => (time += ms) };
}

test('it stays closed while there are few calls, and opens at the error rate', () => {
  const { breaker, call } = start();
  for (let calls = 0; calls < 3; calls++) call('failure');
  expect(breaker.state()).toBe('closed');
  call('success');
  expect(breaker.state()).toBe('open');
  expect(call('success')).toBe(false);
});

test('failures that are older than the window do not count', () => {
  const { breaker, call, pass } = start();
  for (let calls = 0; calls < 3; calls++) call('failure');
  pass(1_100);
  for (let calls = 0; calls < 3; calls++) call('success');
  call('failure');
  expect(breaker.state()).toBe('closed');
});

test('slow calls open it, though they succeed', () => {
  const { breaker, call } = start();
  for (let calls = 0; calls < 4; calls++) call('success', 150);
  expect(breaker.state()).toBe('open');
});

test('calls that were cancelled say nothing', () => {
  const { breaker, call } = start();
  for (let calls = 0; calls < 100; calls++) call('cancelled');
  expect(breaker.state()).toBe('closed');
});

test('after a while one probe at a time is let through, and enough of them in a row close it', () => {
  const { breaker, call, pass } = start();
  for (let calls = 0; calls < 4; calls++) call('failure');
  pass(500);
  expect(breaker.state()).toBe('half-open');
  const probe = breaker.enter();
  expect(probe).toBeDefined();
  expect(breaker.enter()).toBeUndefined();
  probe?.('success');
  expect(call('success')).toBe(true);
  expect(breaker.state()).toBe('closed');
});

test('a probe that fails opens it again, for as long', () => {
  const { breaker, call, pass } = start();
  for (let calls = 0; calls < 4; calls++) call('failure');
  pass(500);
  call('failure');
  expect(breaker.state()).toBe('open');
  pass(499);
  expect(call('success')).toBe(false);
  pass(1);
  expect(call('success')).toBe(true);
});

/** The plainest breaker with the same promises: it keeps every call. */
function reference() {
  let calls: { readonly at: number; readonly failed: boolean; readonly slow: boolean }[] = [];
  let openedAt: number | undefined;
  let succeeded = 0;
  return {
    admits: (now: number) => openedAt === undefined || now - openedAt >= OPTIONS.openFor,
    settle(now: number, outcome: 'success' | 'failure', duration: number) {
      if (openedAt === undefined) {
        calls.push({ at: now, failed: outcome === 'failure', slow: duration > OPTIONS.slowCall });
        // Calls leave with their tenth of the window, which began with the first of them.
        const starts: number[] = [];
        for (const { at } of calls)
          if (starts.length === 0 || at - (starts.at(-1) ?? 0) >= OPTIONS.window / 10) starts.push(at);
        const startOf = (at: number) => starts.findLast((begin) => begin <= at) ?? at;
        calls = calls.filter(({ at }) => now - startOf(at) < OPTIONS.window);
        const share = (of: 'failed' | 'slow') => calls.filter((one) => one[of]).length / calls.length;
        if (calls.length < OPTIONS.minimumCalls) return;
        if (share('failed') < OPTIONS.errorRate && share('slow') < OPTIONS.slowRate) return;
      } else if (outcome === 'success') {
        succeeded++;
        if (succeeded >= OPTIONS.probes) openedAt = undefined;
        return;
      }
      openedAt = now;
      succeeded = 0;
      calls = [];
    },
  };
}

test('whatever calls are made one after another, it lets through those that a plain reference does', () => {
  const step = fc.record({
    wait: fc.integer({ min: 0, max: 400 }),
    takes: fc.integer({ min: 0, max: 200 }),
    outcome: fc.constantFrom('success' as const, 'failure' as const),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let time = 0;
      const breaker = circuitBreaker(OPTIONS, () => time);
      const model = reference();
      for (const { wait, takes, outcome } of steps) {
        time += wait;
        const settle: Settle | undefined = breaker.enter();
        expect(settle !== undefined).toBe(model.admits(time));
        if (!settle) continue;
        time += takes;
        settle(outcome);
        model.settle(time, outcome, takes);
      }
    }),
    { numRuns: Number(process.env.FAST_CHECK_RUNS ?? 500) },
  );
});
