import { msToRefill, retryAfter } from './bucket.ts';
import type { BucketEntry, BucketState, CountedBy, Verdict } from './entry.ts';
import { amountToMicro, toMicro, toTokens } from './micro-tokens.ts';
import { bucketKey } from './store-key.ts';
import type { Answer, Wire } from './wire.ts';

/** What take.lua is told of a bucket. `ahead`: micro-tokens. */
export function askBucket({ keys, args }: Wire, { key, bucket, amount }: BucketEntry, ahead: number): void {
  keys.push(bucketKey(key));
  args.push('bucket', toMicro(bucket.capacity), bucket.refillPerSecond, amountToMicro(amount), ahead);
}

/** What take.lua answered of a bucket: how it stands with it, and the micro-tokens taken ahead. */
export function takenFromBucket(
  entry: BucketEntry,
  given: boolean,
  countedBy: CountedBy,
  answer: Answer,
): { readonly state: BucketState; readonly ahead: number } {
  const amount = amountToMicro(entry.amount);
  const before = answer();
  const tookAhead = answer();
  const ahead = given ? tookAhead : 0;
  const fits = amount <= 0 || before + amount <= toMicro(entry.bucket.capacity);
  const verdict: Verdict = fits ? 'allowed' : { retryAfterMs: retryAfter(entry.bucket, before, amount) };
  return { state: bucketState(entry, countedBy, verdict, given ? before + amount + ahead : before), ahead };
}

/** What settle.lua is told of a bucket. */
export function settleBucket({ keys, args }: Wire, { key, bucket }: BucketEntry, difference: number): void {
  keys.push(bucketKey(key));
  args.push('bucket', toMicro(bucket.capacity), bucket.refillPerSecond, difference);
}

/** What settle.lua answered of a bucket. */
export function settledBucket({ entry, countedBy, verdict }: BucketState, answer: Answer): BucketState {
  return bucketState(entry, countedBy, verdict, answer());
}

/** @param deficit micro-tokens that it lacks to be full */
export function bucketState(entry: BucketEntry, countedBy: CountedBy, verdict: Verdict, deficit: number): BucketState {
  return {
    kind: 'bucket',
    entry,
    countedBy,
    verdict,
    remaining: Math.max(0, toTokens(toMicro(entry.bucket.capacity) - deficit)),
    fullAfterMs: msToRefill(deficit, entry.bucket.refillPerSecond),
  };
}
