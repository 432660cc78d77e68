export interface Random {
  /** A whole number from `low` to `high`, both included. */
  integer(low: number, high: number): number;
  /** One entry of a list that is not empty. */
  pick<Item>(list: readonly Item[]): Item;
}

/**
 * Numbers that look random and are the same for the same seed, on every machine and start: Marsaglia's xorshift
 * ("Xorshift RNGs", 2003) with the shifts 13, 17, 5. For demo rows only.
 *
 * @param seed any whole number but 0
 */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  if (state === 0) throw new RangeError('seed: a whole number other than 0 is needed');

  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };

  const integer = (low: number, high: number): number => low + (next() % (high - low + 1));

  return {
    integer,
    pick<Item>(list: readonly Item[]): Item {
      if (list.length === 0) throw new RangeError('list: nothing to pick from');
      return list[integer(0, list.length - 1)] as Item;
    },
  };
}
