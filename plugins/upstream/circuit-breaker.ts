export interface CircuitBreakerOptions {
  /** How far back calls count, in ms. */
  readonly window: number;
  /** With fewer calls in the window, it stays closed whatever came of them. */
  readonly minimumCalls: number;
  /** The share of failed calls, of 1, that opens it. */
  readonly errorRate: number;
  /** A call that takes longer is slow, in ms. */
  readonly slowCall: number;
  /** The share of slow calls, of 1, that opens it. */
  readonly slowRate: number;
  /** How long it stays open before a probe is let through, in ms. */
  readonly openFor: number;
  /** How many probes in a row must succeed to close it. */
  readonly probes: number;
}

export type CircuitState = 'closed' | 'open' | 'half-open';

/** Tells what came of a call that was let through. */
export type Outcome = 'success' | 'failure' | 'cancelled';
export type Settle = (outcome: Outcome) => void;

export interface CircuitBreaker {
  state(): CircuitState;
  /** Undefined when the call must not be made. Each call that is made is to be settled, once. */
  enter(): Settle | undefined;
}

/** The window moves on in so many steps. */
const BUCKETS = 10;

interface Bucket {
  readonly start: number;
  calls: number;
  failures: number;
  slow: number;
}

/** `now` in ms, never going back. */
export function circuitBreaker(options: CircuitBreakerOptions, now: () => number): CircuitBreaker {
  const bucketLength = options.window / BUCKETS;
  /** The oldest first. */
  let buckets: Bucket[] = [];
  let openedAt: number | undefined;
  let probing = false;
  let succeeded = 0;

  function state(): CircuitState {
    if (openedAt === undefined) return 'closed';
    return now() - openedAt < options.openFor ? 'open' : 'half-open';
  }

  function open(): void {
    openedAt = now();
    succeeded = 0;
    buckets = [];
  }

  function record(outcome: Outcome, duration: number): void {
    const time = now();
    for (let first = buckets[0]; first && time - first.start >= options.window; first = buckets[0]) buckets.shift();
    let bucket = buckets.at(-1);
    if (!bucket || time - bucket.start >= bucketLength) {
      bucket = { start: time, calls: 0, failures: 0, slow: 0 };
      buckets.push(bucket);
    }
    bucket.calls++;
    if (outcome === 'failure') bucket.failures++;
    if (duration > options.slowCall) bucket.slow++;
    const all = { calls: 0, failures: 0, slow: 0 };
    for (const { calls, failures, slow } of buckets) {
      all.calls += calls;
      all.failures += failures;
      all.slow += slow;
    }
    if (all.calls < options.minimumCalls) return;
    if (all.failures >= all.calls * options.errorRate || all.slow >= all.calls * options.slowRate) open();
  }

  function settleProbe(outcome: Outcome): void {
    probing = false;
    // A probe that was cancelled says nothing: the next call probes again.
    if (outcome === 'cancelled') return;
    if (outcome === 'failure') return open();
    succeeded++;
    if (succeeded >= options.probes) openedAt = undefined;
  }

  return {
    state,
    enter() {
      const entered = now();
      switch (state()) {
        case 'open':
          return undefined;
        case 'half-open':
          if (probing) return undefined;
          probing = true;
          return settleProbe;
        case 'closed':
          return (outcome) => {
            // What began before it opened says nothing of the time after.
            if (outcome !== 'cancelled' && openedAt === undefined) record(outcome, now() - entered);
          };
      }
    },
  };
}
