import type { Period } from '../quotas/calendar.ts';
import type { Quota } from '../quotas/quota.ts';
import type { Bucket, RetryAfter } from './bucket.ts';

/** What is asked of one bucket or quota. */
export type Entry = BucketEntry | QuotaEntry;

export interface BucketEntry extends Asked {
  readonly kind: 'bucket';
  readonly bucket: Bucket;
}

export interface QuotaEntry extends Asked {
  readonly kind: 'quota';
  readonly quota: Quota;
}

interface Asked {
  /** The same text means the same bucket or quota, in all processes. It holds the name of the policy and for whom. */
  readonly key: string;
  /**
   * Tokens. What asks for 0 is never refused, takes nothing, and so shows how things are. More than the capacity of a
   * bucket, or than the limit of a quota that rejects, is refused for ever: `retryAfterMs` is `never`.
   */
  readonly amount: number;
  /** Default: local. */
  readonly onStoreFailure?: OnStoreFailure;
}

/**
 * While the store does not answer: a part of the tokens from a bucket in this process, or whatever is asked, or nothing.
 */
export type OnStoreFailure = 'local' | 'allow' | 'deny';

/**
 * Who counted: the shared store; a lease, with tokens taken from the store before; this process alone, with its part of
 * the tokens, while the store did not answer; or nobody.
 */
export type CountedBy = 'store' | 'lease' | 'local' | 'nobody';

/** Whether an entry gets its amount; `retryAfterMs` is how long until it would, whatever others do meanwhile. */
export type Verdict = 'allowed' | { readonly retryAfterMs: RetryAfter };

/** How it stands with an entry after a take or a settlement; after a refused take, with nothing taken. */
export type EntryState = BucketState | QuotaState;

export interface BucketState {
  readonly kind: 'bucket';
  readonly entry: BucketEntry;
  readonly countedBy: CountedBy;
  readonly verdict: Verdict;
  /** Tokens, not whole; 0 also while a charge has left it with less. */
  readonly remaining: number;
  /** How long until it is full, in ms. */
  readonly fullAfterMs: number;
}

export interface QuotaState {
  readonly kind: 'quota';
  readonly entry: QuotaEntry;
  readonly countedBy: CountedBy;
  readonly verdict: Verdict;
  /** The period that was counted in, by the clock of whoever counted. */
  readonly period: Period;
  /** Tokens used in the period, by this entry too when it was given. It may be above the limit. */
  readonly used: number;
  readonly remaining: number;
  /** Tokens of the amount that the bucket for what is beyond the limit gave. */
  readonly beyond: number;
  /** The thresholds that were reached now, for the first time in this period, in any process. */
  readonly reached: readonly number[];
}

export type TakeAnswer = Admitted | Refused;

/** Every entry was given its amount. */
export interface Admitted {
  readonly outcome: 'admitted';
  /** In the order of the entries that were asked for. */
  readonly states: readonly EntryState[];
}

/** Nothing was taken from any. */
export interface Refused {
  readonly outcome: 'refused';
  readonly states: readonly EntryState[];
  /** The longest of those that refused, in ms. */
  readonly retryAfterMs: RetryAfter;
}

/** `lost`: the store did not answer, and what was taken stays as it is. */
export interface Settled {
  readonly outcome: 'settled' | 'lost';
  readonly states: readonly EntryState[];
}

/** The answer of all entries, of those of each. */
export function takeAnswer(states: readonly EntryState[]): TakeAnswer {
  let longest: RetryAfter | undefined;
  for (const { verdict } of states) {
    if (verdict === 'allowed') continue;
    if (
      longest === undefined ||
      (longest !== 'never' && (verdict.retryAfterMs === 'never' || verdict.retryAfterMs > longest))
    ) {
      longest = verdict.retryAfterMs;
    }
  }
  return longest === undefined
    ? { outcome: 'admitted', states }
    : { outcome: 'refused', states, retryAfterMs: longest };
}
