const DAY_MS = 24 * 60 * 60 * 1000;
/** A date, or a time with its offset from UTC (RFC 3339): without one, it would depend on where the command runs. */
const ISO = /^(\d{4}-\d{2}-\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

/** When a key expires: `30d` from now, or at a date or time. Throws an Error for anything else, and for the past. */
export function parseExpiry(text: string, now: Date): Date {
  const days = /^(\d{1,5})d$/.exec(text)?.[1];
  const date = ISO.exec(text)?.[1];
  const expiry = days ? new Date(now.getTime() + Number(days) * DAY_MS) : new Date(date ? text : Number.NaN);
  if (Number.isNaN(expiry.getTime()) || (date && !isInCalendar(date))) {
    throw new Error(`"${text}" is no expiry; 30d is taken, or 2030-01-31, or 2030-01-31T12:00:00Z`);
  }
  if (expiry <= now) throw new Error(`"${text}" is in the past`);
  return expiry;
}

/** `Date` makes the 31st of February the 3rd of March. */
function isInCalendar(date: string): boolean {
  const midnight = new Date(date);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(date);
}
