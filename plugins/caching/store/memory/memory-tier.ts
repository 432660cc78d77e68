import { LRUCache } from 'lru-cache';
import { EVERYTHING, type Tag } from '../../tags/tag.ts';
import { keptUntil, type CacheEntry } from '../entry.ts';
import { sizeOf, type CacheValue } from '../value.ts';

/** What an entry and each of its tags take beside their bytes, roughly: objects, maps and sets. */
const ENTRY_BYTES = 500;
const TAG_BYTES = 120;

/** L1: entries in the memory of this process, the least recently used of them given up for new ones. */
export interface MemoryTier {
  /** Undefined also for an entry whose windows are all over. */
  get(id: string, now: number): CacheEntry | undefined;
  /** Gives the entry as it is kept. One that is larger than all of the memory is not. */
  set(id: string, entry: CacheEntry): CacheEntry;
  /** Removes what has one of the tags, and says how many of them were still of use. */
  evict(tags: readonly Tag[], now: number): number;
  clear(): void;
  size(): { readonly entries: number; readonly bytes: number };
}

/** @param maxBytes about how much memory it may take; see above for what is counted */
export function createMemoryTier(maxBytes: number): MemoryTier {
  const idsByTag = new Map<Tag, Set<string>>();
  const entries = new LRUCache<string, CacheEntry>({
    maxSize: maxBytes,
    sizeCalculation: entrySize,
    dispose: (entry, id) => unindex(id, entry),
  });

  function index(id: string, entry: CacheEntry): void {
    for (const tag of entry.tags) {
      const ids = idsByTag.get(tag);
      if (ids === undefined) idsByTag.set(tag, new Set([id]));
      else ids.add(id);
    }
  }

  function unindex(id: string, entry: CacheEntry): void {
    for (const tag of entry.tags) {
      const ids = idsByTag.get(tag);
      ids?.delete(id);
      if (ids?.size === 0) idsByTag.delete(tag);
    }
  }

  function evictAll(now: number): number {
    let removed = 0;
    for (const entry of entries.values()) if (now < keptUntil(entry)) removed++;
    entries.clear();
    return removed;
  }

  function evictTag(tag: Tag, now: number): number {
    let removed = 0;
    for (const id of idsByTag.get(tag) ?? []) {
      const entry = entries.peek(id);
      entries.delete(id);
      if (entry !== undefined && now < keptUntil(entry)) removed++;
    }
    return removed;
  }

  return {
    get(id, now) {
      const entry = entries.get(id);
      if (entry === undefined || now < keptUntil(entry)) return entry;
      entries.delete(id);
      return undefined;
    },

    set(id, entry) {
      const kept = { ...entry, value: ownBytes(entry.value) };
      entries.set(id, kept);
      // After the entry before it has been taken out of the index.
      if (entries.peek(id) === kept) index(id, kept);
      return kept;
    },

    evict: (tags, now) =>
      tags.reduce((removed, tag) => removed + (tag === EVERYTHING ? evictAll(now) : evictTag(tag, now)), 0),

    clear: () => entries.clear(),

    size: () => ({ entries: entries.size, bytes: entries.calculatedSize }),
  };
}

function entrySize({ value, tags }: CacheEntry, id: string): number {
  const text = tags.reduce((total, tag) => total + tag.length + TAG_BYTES, id.length);
  return ENTRY_BYTES + sizeOf(value) + text;
}

/** A small part of a large buffer would keep all of it in memory. */
function ownBytes(value: CacheValue): CacheValue {
  if (typeof value === 'string') return value;
  if (value.byteLength * 2 >= value.buffer.byteLength) return value;
  const own = Buffer.allocUnsafeSlow(value.byteLength);
  value.copy(own);
  return own;
}
