import type { Ask, Taken } from './counter.ts';
import type { BucketState, Entry, EntryState } from './entry.ts';
import type { Leases } from './leases.ts';

/** Takes from leases if they have all of it, without waiting; undefined if they do not. */
export function takeFromLeases(leases: Leases, entries: readonly Entry[]): readonly EntryState[] | undefined {
  const states: BucketState[] = [];
  for (const entry of entries) {
    const state = entry.kind === 'bucket' ? leases.spend(entry) : undefined;
    if (state === undefined) {
      for (const spent of states) leases.unspend(spent.entry);
      return undefined;
    }
    states.push(state);
  }
  return states;
}

/**
 * Takes from leases what they have, and the rest together with new leases from `takeAll`. When that refuses, the leases
 * get theirs back: all or nothing.
 */
export async function takeWithLeases(
  leases: Leases,
  takeAll: (asks: readonly Ask[]) => Promise<readonly Taken[]>,
  entries: readonly Entry[],
): Promise<EntryState[]> {
  const leased = entries.map((entry) => (entry.kind === 'bucket' ? leases.spend(entry) : undefined));
  const asks = entries
    .filter((_, i) => leased[i] === undefined)
    .map((entry): Ask => ({ entry, ahead: entry.kind === 'bucket' ? leases.wanted(entry) : 0 }));
  const taken = asks.length === 0 ? [] : await takeAll(asks);
  for (const [i, { state, ahead }] of taken.entries()) {
    if (state.kind === 'bucket' && asks[i]?.ahead) leases.begin(state, ahead);
  }
  const refused = taken.some(({ state }) => state.verdict !== 'allowed');
  const others = taken.values();
  return leased.map((state): EntryState => {
    if (state === undefined) return (others.next().value as Taken).state;
    return refused ? leases.unspend(state.entry) : state;
  });
}
