import { checkBucket, type Bucket } from '../buckets/bucket.ts';
import { toMicro } from '../buckets/micro-tokens.ts';
import { createCalendar, type Calendar, type CalendarPeriod } from './calendar.ts';

/** The largest limit. Counts are kept in millionths, in 64 bits. */
const MAX_LIMIT = 1e12;
const DEFAULT_THRESHOLDS: readonly number[] = [0.8, 1];

/**
 * What happens beyond the limit. `reject`: nothing more is given until the period is over. `allow`: it is counted and
 * reported, for billing. With a bucket, that bucket gives what is beyond the limit.
 */
export type Overage = 'reject' | 'allow' | { readonly throttle: Bucket };

export interface QuotaOptions {
  /** Tokens for one period: above 0, at most 1e12. */
  readonly limit: number;
  readonly period: CalendarPeriod;
  /** Default: reject. */
  readonly overage?: Overage;
  /** Parts of the limit of which it is said once a period that so much is used: above 0. Default: 0.8 and 1. */
  readonly thresholds?: readonly number[];
}

/** Tokens for each calendar period. */
export interface Quota {
  readonly limit: number;
  readonly calendar: Calendar;
  readonly overage: Overage;
  readonly thresholds: readonly number[];
}

/** Throws a RangeError that names the option that is wrong. */
export function createQuota({
  limit,
  period,
  overage = 'reject',
  thresholds = DEFAULT_THRESHOLDS,
}: QuotaOptions): Quota {
  if (!(limit > 0 && limit <= MAX_LIMIT)) {
    throw new RangeError(`limit takes a number above 0 and at most ${MAX_LIMIT}, not ${limit}.`);
  }
  if (!thresholds.every((threshold) => threshold > 0 && Number.isFinite(threshold))) {
    throw new RangeError(`thresholds takes parts of the limit above 0 such as 0.8, not ${thresholds.join(', ')}.`);
  }
  if (typeof overage === 'object') checkBucket(overage.throttle, 'overage.throttle.');
  else if (overage !== 'reject' && overage !== 'allow') {
    throw new RangeError(`overage takes reject, allow or { throttle: a bucket }, not ${String(overage)}.`);
  }
  return { limit, calendar: createCalendar(period), overage, thresholds };
}

/**
 * The thresholds that a rise in the most that was ever used in a period has reached (both in micro-tokens). What was used
 * falls with every refund and rises again; the most does not, and so each threshold is reached once, in one process.
 */
export function thresholdsReached({ limit, thresholds }: Quota, mostBefore: number, most: number): number[] {
  if (most === mostBefore) return [];
  return thresholds.filter((threshold) => {
    const line = toMicro(threshold * limit);
    return mostBefore < line && line <= most;
  });
}

/** How much of an amount is beyond the limit. */
export function beyondLimit(limit: number, used: number, amount: number): number {
  return Math.max(0, Math.min(amount, used + amount - limit));
}
