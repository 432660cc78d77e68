export interface BackoffOptions {
  /** The longest wait before the first retry, in ms; each further one may be twice as long. */
  readonly baseDelay: number;
  /** ms */
  readonly maxDelay: number;
}

/** How long to wait before a retry, in ms: anything up to a bound that doubles ("full jitter"), so that clients spread. */
export function backoff(retry: number, { baseDelay, maxDelay }: BackoffOptions, random: () => number): number {
  return random() * Math.min(maxDelay, baseDelay * 2 ** (retry - 1));
}

/** `Retry-After` (RFC 9110, section 10.2.3: seconds or a date) in ms from now; undefined when there is none that can be read. */
export function retryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1_000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
