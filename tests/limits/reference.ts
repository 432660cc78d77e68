import type { Bucket } from '../../plugins/limits/buckets/bucket.ts';

/** The reference: what a bucket and a quota are, in as few words as possible. Tokens are whole millionths, times ms. */

export interface Model {
  /** How many are there. */
  left(now: number): number;
  /** Takes without asking, or gives back what is below 0. */
  take(now: number, amount: number): void;
}

export function bucketModel({ capacity, refillPerSecond }: Bucket): Model {
  const full = capacity * 1e6;
  let tokens = full;
  let since = 0;
  function left(now: number): number {
    if (now < since) since = now;
    return Math.min(full, tokens + (now - since) * refillPerSecond * 1000);
  }
  function take(now: number, amount: number): void {
    const after = Math.max(-full, Math.min(full, left(now) - amount));
    if (after !== left(now)) [tokens, since] = [after, now];
  }
  return { left, take };
}

/** A quota for minutes of UTC. */
export function quotaModel(
  limit: number,
): Model & { used(minute: number): number; correct(minute: number, by: number): void } {
  const used = new Map<number, number>();
  const minuteOf = (now: number): number => Math.floor(now / 60_000);
  const correct = (minute: number, by: number): void =>
    void used.set(minute, Math.max(0, (used.get(minute) ?? 0) + by));
  return {
    used: (minute) => used.get(minute) ?? 0,
    left: (now) => limit * 1e6 - (used.get(minuteOf(now)) ?? 0),
    take: (now, amount) => correct(minuteOf(now), amount),
    correct,
  };
}
