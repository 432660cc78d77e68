/** Chance that a seed decides: the same seed, the same choices. */
export interface Random {
  /** From 0 to below 1. */
  next(): number;
  chance(probability: number): boolean;
  /** From 0 to below the limit. */
  int(limit: number): number;
  pick<T>(from: readonly [T, ...T[]]): T;
  pickAny<T>(from: readonly T[]): T | undefined;
  /** Some of them, at least one if there is one, in their order. */
  some<T>(from: readonly T[], probability: number): T[];
}

/** The mulberry32 generator. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }
  const int = (limit: number) => Math.floor(next() * limit);
  return {
    next,
    chance: (probability) => next() < probability,
    int,
    pick: (from) => from[int(from.length)] ?? from[0],
    pickAny: (from) => from[int(from.length)],
    some(from, probability) {
      const chosen = from.filter(() => next() < probability);
      return chosen.length > 0 ? chosen : from.slice(0, 1);
    },
  };
}
