import type { EntryState } from './buckets/entry.ts';

/** How it stands with one policy, for the caller. */
export interface Standing {
  readonly policy: string;
  readonly unit: 'request' | 'cost';
  readonly state: EntryState;
}

/**
 * `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10), the policies in the order of the
 * configuration. Of a bucket, the window is the time in which an empty one is full again, and `t` how long until it is
 * full; of a quota, they are the period and how long until the next. Whole seconds.
 */
export function rateLimitHeaders(standings: readonly Standing[], now: number): Record<string, string> {
  let policies = '';
  let limits = '';
  for (const { policy, unit, state } of standings) {
    const { quota, window } = limitOf(state);
    const separator = policies === '' ? '' : ', ';
    policies += `${separator}"${policy}";q=${quota};w=${window}${unit === 'cost' ? ';qu="cost"' : ''}`;
    limits += `${separator}"${policy}";r=${Math.floor(state.remaining)};t=${resetOf(state, now)}`;
  }
  return { 'RateLimit-Policy': policies, RateLimit: limits };
}

function limitOf(state: EntryState): { quota: number; window: number } {
  if (state.kind === 'bucket') {
    const { capacity, refillPerSecond } = state.entry.bucket;
    return { quota: Math.floor(capacity), window: Math.ceil(capacity / refillPerSecond) };
  }
  const { startsAt, endsAt } = state.period;
  return { quota: Math.floor(state.entry.quota.limit), window: Math.ceil((endsAt - startsAt) / 1000) };
}

function resetOf(state: EntryState, now: number): number {
  const ms = state.kind === 'bucket' ? state.fullAfterMs : state.period.endsAt - now;
  return Math.max(0, Math.ceil(ms / 1000));
}
