import type { CacheEntry } from '../entry.ts';
import { liveKey, tagKey } from './keys.ts';
import type { Position } from './redis-tier.ts';

const ENTRIES_PER_SCRIPT = 250;
/** So many a script, but for a single entry that has more: Redis does nothing else for a few milliseconds. */
const TAGS_PER_SCRIPT = 2000;

export interface NewValue {
  readonly id: string;
  readonly entry: CacheEntry;
  /** How long it is of use, in whole ms above 0. */
  readonly keptMs: number;
}

/** In the same order, each for one run of the script. */
export function batchesOf(values: readonly NewValue[]): readonly (readonly NewValue[])[] {
  const batches: NewValue[][] = [];
  let tags = Infinity;
  for (const value of values) {
    const batch = batches.at(-1);
    tags += value.entry.tags.length;
    if (batch === undefined || batch.length === ENTRIES_PER_SCRIPT || tags > TAGS_PER_SCRIPT) {
      batches.push([value]);
      tags = value.entry.tags.length;
    } else batch.push(value);
  }
  return batches;
}

/** The keys and the argument of register.lua, without what is the same for all. */
export function registrationOf(
  since: Position,
  token: string,
  values: readonly NewValue[],
): { readonly keys: readonly string[]; readonly text: string } {
  const indices = new Map<string, number>();
  const indexOf = (tag: string): number => {
    const index = indices.get(tag) ?? indices.size;
    indices.set(tag, index);
    return index;
  };
  const entries = values.map(({ id, entry, keptMs }) => [id, keptMs, entry.tags.map(indexOf)] as const);
  const tags = [...indices.keys()];
  return {
    keys: [...values.map(({ id }) => liveKey(id)), ...tags.map(tagKey)],
    text: JSON.stringify({ ...since, token, tags, entries }),
  };
}
