import type { QuotaState } from './buckets/entry.ts';

/** That so much of a quota is used: the body of the webhook, and what the log holds. */
export interface ThresholdEvent {
  readonly type: 'quota.threshold';
  /** ISO 8601. */
  readonly timestamp: string;
  readonly data: {
    readonly policy: string;
    /** For whom the quota is, see `scopeKey`: `jwt:https%3A%2F%2Fissuer.example:ada`, `address:192.0.2.1`. */
    readonly for: string;
    /** A part of the limit. */
    readonly threshold: number;
    readonly used: number;
    readonly limit: number;
    readonly period: { readonly startsAt: string; readonly endsAt: string };
  };
}

export function thresholdEvent(
  policy: string,
  { entry, used, period }: QuotaState,
  threshold: number,
  now: Date,
): ThresholdEvent {
  const { startsAt, endsAt } = period;
  return {
    type: 'quota.threshold',
    timestamp: now.toISOString(),
    data: {
      policy,
      for: entry.key.slice(policy.length + 1),
      threshold,
      used,
      limit: entry.quota.limit,
      period: { startsAt: new Date(startsAt).toISOString(), endsAt: new Date(endsAt).toISOString() },
    },
  };
}
