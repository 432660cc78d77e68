/** s */
const LONGEST = 60;

/** The header `Retry-After` (RFC 9110, section 10.2.3), in s, from 1 to 60; undefined when there is none. */
export function retryAfterOf(headers: Headers, now: number): number | undefined {
  const text = headers.get('retry-after')?.trim();
  if (!text) return undefined;
  const seconds = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - now) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.min(LONGEST, Math.max(1, Math.ceil(seconds)));
}
