/**
 * Amounts are counted in whole millionths of a token: sums of them are exact, where those of fractions such as 0.1 are
 * not, and a token a second is a micro-token a microsecond.
 */
export const MICRO = 1_000_000;

/** Above every capacity and every limit, so that more than this changes no answer; and two of them fit in 64 bits. */
const MAX_AMOUNT = 2e12;

export function toMicro(tokens: number): number {
  return Math.round(tokens * MICRO);
}

export function toTokens(micro: number): number {
  return micro / MICRO;
}

/** An amount that somebody asks for or has used; less than nothing is nothing. Throws a RangeError for NaN. */
export function amountToMicro(tokens: number): number {
  if (Number.isNaN(tokens)) throw new RangeError('An amount of tokens is not a number.');
  return toMicro(Math.max(0, Math.min(MAX_AMOUNT, tokens)));
}
