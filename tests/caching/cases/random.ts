/** Random numbers that come again with their seed. */
export interface Random {
  /** From 0 up to 1. */
  next(): number;
  /** A whole number from 0 up to the limit. */
  below(limit: number): number;
  chance(share: number): boolean;
  from<T>(items: readonly T[]): T;
  /** The first ones more often than the last. */
  early<T>(items: readonly T[]): T;
  some<T>(items: readonly T[]): T[];
}

export function randomBy(seed: number): Random {
  let state = seed >>> 0;
  /** Mulberry32 */
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  const below = (limit: number): number => Math.floor(next() * limit);
  const at = <T>(items: readonly T[], index: number): T => {
    if (items.length === 0) throw new RangeError('There is nothing to choose from');
    return items[index] as T;
  };
  return {
    next,
    below,
    chance: (share) => next() < share,
    from: (items) => at(items, below(items.length)),
    early: (items) => at(items, Math.floor(next() ** 2 * items.length)),
    some: (items) => items.filter(() => next() < 0.5),
  };
}
