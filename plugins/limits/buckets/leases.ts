import { LRUCache } from 'lru-cache';
import { bucketState } from './bucket-wire.ts';
import type { Difference } from './counter.ts';
import type { BucketEntry, BucketState } from './entry.ts';
import { amountToMicro, toMicro } from './micro-tokens.ts';

/** Leases at a time; so many fit in one settlement. */
const MAX_LEASES = 256;
/** A bucket that a process takes from so often within the time of a lease is worth one. */
const HOT_TAKES = 10;
/** Buckets whose takes are counted, to find those. */
const MAX_COUNTED = 10_000;
const SHARE = 0.01;
const DURATION_MS = 1000;

/**
 * A process takes a few tokens ahead from a bucket that it often takes from, so that most of its requests need no round
 * trip. They are taken when the lease begins, and so all processes together never admit more than capacity + refill
 * times the time since the bucket was first used.
 *
 * What a lease moves is the time: tokens that were taken before may be used within `durationMs`. So from any one moment
 * on, at most `processes * share * capacity` more are admitted than without leases; and near the end of the tokens
 * somebody may be refused while another process still holds that many, for no longer than twice `durationMs`. What is
 * left of a lease is given back when it ends or the gateway stops, and is lost when the process dies.
 */
export interface LeaseOptions {
  /** What is taken ahead at once: a part of the bucket's capacity, above 0, at most 1. Default: 0.01. */
  readonly share?: number;
  /** How long tokens may be held, in ms. Default: 1000. */
  readonly durationMs?: number;
}

export interface Leases {
  /** Takes the amount from the lease on this bucket; undefined where there is none with so much. */
  spend(entry: BucketEntry): BucketState | undefined;
  /** Undoes that. */
  unspend(entry: BucketEntry): BucketState;
  /** Micro-tokens to take ahead for this bucket now, or 0. Each answer above 0 is to be followed by `begin`. */
  wanted(entry: BucketEntry): number;
  /** What was taken ahead (micro-tokens, 0 for nothing), and how the store was left. */
  begin(state: BucketState, ahead: number): void;
  /** Corrects what was spent (micro-tokens, below 0 to give back). Answers what is left for the store to correct. */
  settle(state: BucketState, difference: number): number;
  /** Ends all leases. */
  close(): void;
}

interface Lease {
  readonly entry: BucketEntry;
  /** Micro-tokens. */
  balance: number;
  /** On the clock of `performance.now()`. */
  endsAt: number;
  /** What the bucket lacked when the lease began. */
  deficit: number;
}

/**
 * Throws a RangeError for a wrong option.
 *
 * @param giveBack is told what is left of leases that have ended
 */
export function createLeases(
  { share = SHARE, durationMs = DURATION_MS }: LeaseOptions,
  giveBack: (unused: readonly Difference[]) => void,
): Leases {
  if (!(share > 0 && share <= 1)) throw new RangeError(`leases.share takes a number above 0 to 1, not ${share}.`);
  if (!(Number.isSafeInteger(durationMs) && durationMs > 0)) {
    throw new RangeError(`leases.durationMs takes a whole number of milliseconds above 0, not ${durationMs}.`);
  }
  const leases = new Map<string, Lease>();
  /** Buckets for which the store is being asked: one lease at a time. */
  const asked = new Set<string>();
  const takes = new LRUCache<string, { count: number; readonly until: number }>({ max: MAX_COUNTED });
  let sweep: NodeJS.Timeout | undefined;
  let closed = false;

  function live(key: string): Lease | undefined {
    const lease = leases.get(key);
    return lease !== undefined && lease.endsAt > performance.now() ? lease : undefined;
  }

  function isHot(key: string): boolean {
    const now = performance.now();
    const counted = takes.get(key);
    if (counted === undefined || counted.until <= now) {
      takes.set(key, { count: 1, until: now + durationMs });
      return false;
    }
    counted.count += 1;
    return counted.count >= HOT_TAKES;
  }

  function blockOf({ bucket }: BucketEntry): number {
    return Math.floor(toMicro(bucket.capacity) * share);
  }

  function stateOf(entry: BucketEntry, lease: Lease | undefined): BucketState {
    return bucketState(entry, 'lease', 'allowed', lease === undefined ? 0 : lease.deficit - lease.balance);
  }

  function end(ended: readonly Lease[]): void {
    for (const { entry } of ended) leases.delete(entry.key);
    if (leases.size === 0) {
      clearInterval(sweep);
      sweep = undefined;
    }
    const unused = ended.filter(({ balance }) => balance > 0);
    if (unused.length > 0) giveBack(unused.map((lease) => restOf(lease.entry, lease.balance)));
  }

  function restOf(entry: BucketEntry, balance: number): Difference {
    return { state: stateOf(entry, undefined), difference: -balance };
  }

  return {
    spend(entry) {
      const amount = amountToMicro(entry.amount);
      const lease = live(entry.key);
      if (lease === undefined || lease.balance < amount) return undefined;
      lease.balance -= amount;
      return stateOf(entry, lease);
    },

    unspend(entry) {
      const lease = leases.get(entry.key);
      const amount = amountToMicro(entry.amount);
      if (lease !== undefined) lease.balance += amount;
      else if (amount > 0) giveBack([restOf(entry, amount)]);
      return stateOf(entry, lease);
    },

    wanted(entry) {
      const block = blockOf(entry) - (leases.get(entry.key)?.balance ?? 0);
      const worthIt = isHot(entry.key) && block >= amountToMicro(entry.amount) && block > 0;
      const room = leases.has(entry.key) || leases.size + asked.size < MAX_LEASES;
      if (!worthIt || !room || asked.has(entry.key)) return 0;
      asked.add(entry.key);
      return block;
    },

    begin({ entry, remaining }, ahead) {
      asked.delete(entry.key);
      if (ahead === 0) return;
      if (closed) {
        giveBack([restOf(entry, ahead)]);
        return;
      }
      const lease: Lease = leases.get(entry.key) ?? { entry, balance: 0, endsAt: 0, deficit: 0 };
      lease.balance += ahead;
      lease.endsAt = performance.now() + durationMs;
      lease.deficit = toMicro(entry.bucket.capacity - remaining);
      leases.set(entry.key, lease);
      sweep ??= setInterval(() => {
        const now = performance.now();
        end([...leases.values()].filter(({ endsAt }) => endsAt <= now));
      }, durationMs).unref();
    },

    settle({ entry }, difference) {
      const lease = live(entry.key);
      if (lease === undefined) return difference;
      // A refund stays here as far as the lease is not worth more than one that is new; a charge as far as it can pay.
      const balance = Math.max(0, Math.min(lease.balance - difference, Math.max(lease.balance, blockOf(entry))));
      const settled = lease.balance - balance;
      lease.balance = balance;
      return difference - settled;
    },

    close() {
      closed = true;
      end([...leases.values()]);
    },
  };
}
