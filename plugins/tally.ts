/** How many there are of each key; what there is none of takes no room. */
export interface Tally {
  /** One more of the key, unless there are so many already; false then. */
  add(key: string, most: number): boolean;
  remove(key: string): void;
  readonly keys: number;
}

export function tally(): Tally {
  const counts = new Map<string, number>();
  return {
    add(key, most) {
      const count = counts.get(key) ?? 0;
      if (count >= most) return false;
      counts.set(key, count + 1);
      return true;
    },
    remove(key) {
      const count = (counts.get(key) ?? 0) - 1;
      if (count > 0) counts.set(key, count);
      else counts.delete(key);
    },
    get keys() {
      return counts.size;
    },
  };
}
