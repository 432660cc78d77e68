import { MICRO, toMicro } from './micro-tokens.ts';

const MAX_CAPACITY = 1e9;
const MAX_SECONDS_TO_FILL = 366 * 86_400;

/** A token bucket: full at first, and again some time after something was taken. */
export interface Bucket {
  /** Tokens in a full one, and so the most that can be taken at once: above 0, at most 1e9. */
  readonly capacity: number;
  /** Tokens that come back in a second, so many that an empty bucket is full again within 366 days. */
  readonly refillPerSecond: number;
}

/**
 * Throws a RangeError that names the option that is wrong.
 *
 * @param path what stands before the name of the option: `policies[0].`
 */
export function checkBucket({ capacity, refillPerSecond }: Bucket, path: string): void {
  // What is less than a micro-token counts for nothing.
  if (!(capacity >= 1 / MICRO && capacity <= MAX_CAPACITY)) {
    throw new RangeError(`${path}capacity takes a number above 0 and at most ${MAX_CAPACITY}, not ${capacity}.`);
  }
  if (!(refillPerSecond >= capacity / MAX_SECONDS_TO_FILL && refillPerSecond <= MAX_CAPACITY)) {
    const least = capacity / MAX_SECONDS_TO_FILL;
    throw new RangeError(
      `${path}refillPerSecond takes a number from ${least} (full within 366 days) to ${MAX_CAPACITY}, not ${refillPerSecond}.`,
    );
  }
}

/**
 * A bucket in the store: the micro-tokens that it lacks to be full, and since when (µs since 1970). A full one has no
 * value there. `clockWentBack`: the value is from later than now.
 */
export interface Lack {
  readonly deficit: number;
  readonly clockWentBack: boolean;
}

/** What it lacks now, of the text in which it is kept. For a time that has not passed, nothing comes back. */
export function lackOf(text: string | null, refillPerSecond: number, nowUs: number): Lack {
  if (text === null) return { deficit: 0, clockWentBack: false };
  const space = text.indexOf(' ');
  const deficit = Number(text.slice(0, space));
  const since = Number(text.slice(space + 1));
  if (nowUs < since) return { deficit, clockWentBack: true };
  return { deficit: Math.max(0, deficit - refillPerSecond * (nowUs - since)), clockWentBack: false };
}

/** How long until so many micro-tokens have come back, in whole ms. */
export function msToRefill(micro: number, refillPerSecond: number): number {
  return Math.max(0, Math.ceil(micro / refillPerSecond / 1000));
}

/** What may be lacking after a charge for more than was taken: as much again as a bucket holds. Then it is as empty. */
export function maxDeficit(capacity: number): number {
  return 2 * capacity;
}

/** Never is said of what is more than a full bucket holds. */
export type RetryAfter = number | 'never';

/**
 * How long until a bucket has the amount, in ms.
 *
 * @param deficit micro-tokens that it lacks now
 * @param amount micro-tokens
 */
export function retryAfter({ capacity, refillPerSecond }: Bucket, deficit: number, amount: number): RetryAfter {
  const holds = toMicro(capacity);
  return amount > holds ? 'never' : msToRefill(deficit + amount - holds, refillPerSecond);
}
