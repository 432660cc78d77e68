const MINUTES = 20;

/** How long the load goes on, in minutes: `SOAK_MINUTES`, or 20. Throws an `Error` when that is no number above 0. */
export function soakMinutes(): number {
  const minutes = Number(process.env['SOAK_MINUTES'] ?? MINUTES);
  if (!(minutes > 0)) throw new Error('SOAK_MINUTES takes a number above 0');
  return minutes;
}
