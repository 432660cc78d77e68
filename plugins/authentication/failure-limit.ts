import { LRUCache } from 'lru-cache';

/** Failures that an address may have at once, and how many of them are forgiven in a second. */
const CAPACITY = 30;
const FORGIVEN_PER_SECOND = 0.5;
/** Addresses whose failures are remembered. */
const MAX_ADDRESSES = 50_000;

export interface FailureLimit {
  /** How long the address has to wait before it may try again, in s; undefined when it may now. */
  waitOf(group: string, now: number): number | undefined;
  failed(group: string, now: number): void;
}

interface Failures {
  readonly count: number;
  readonly at: number;
}

/** Slows those down who guess: a token bucket of failures for each address group, in this process. `now` in ms. */
export function failureLimit(): FailureLimit {
  const failures = new LRUCache<string, Failures>({ max: MAX_ADDRESSES });

  function countAt(group: string, now: number): number {
    const known = failures.get(group);
    if (!known) return 0;
    return Math.max(0, known.count - (Math.max(0, now - known.at) / 1_000) * FORGIVEN_PER_SECOND);
  }

  return {
    waitOf(group, now) {
      const over = countAt(group, now) + 1 - CAPACITY;
      return over > 0 ? Math.ceil(over / FORGIVEN_PER_SECOND) : undefined;
    },
    failed(group, now) {
      failures.set(group, { count: countAt(group, now) + 1, at: now });
    },
  };
}
