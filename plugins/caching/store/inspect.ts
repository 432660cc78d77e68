import type { SharedStore } from '../../redis/index.ts';
import type { Tag } from '../tags/tag.ts';
import { boundedTags } from './bounded-tag.ts';
import { stateAt, type EntryState } from './entry.ts';
import { createCodec, SEALED, type Codec } from './redis/codec.ts';
import { CHANNEL, ENTRIES_KEY, liveKey, STATE_KEY, tagKey, valueKey } from './redis/keys.ts';
import { LOOKUP, script, type Position } from './redis/scripts.ts';
import type { Seal } from './redis/seal.ts';

/** As the heads of their files say. */
type StatsReply = readonly [...Position, entries: number, used: number, evicted: number, nextTakesAll: number];
const STATS = script<StatsReply>('stats');
const TAGGED = script<readonly [...Position, ...(readonly string[])[]]>('tagged');

/** So many ids of each tag at once: Redis does nothing else for at most a few milliseconds. */
const IDS_PER_TAG = 500;
/** Each may have megabytes. */
const VALUES_PER_READ = 25;

/** What Redis knows of the cache. In a Cluster, `redis` is the node that keeps the index; values are on all nodes. */
export interface CacheStats {
  /** Valid ones. */
  readonly entries: number;
  /** Of whatever; of everything where an epoch begins. `at`: ISO 8601. */
  readonly lastInvalidation: { readonly sequence: number; readonly at: string };
  /** Another one where Redis may have lost what it had acknowledged. */
  readonly epoch: string;
  /** Keys were evicted, and those that name the entries of a tag may have been among them. */
  readonly nextInvalidationTakesAll: boolean;
  readonly redis: { readonly usedMemoryBytes: number; readonly evictedKeys: number };
}

/** An entry in Redis. */
export type InspectedEntry = ReadableEntry | UnreadableEntry;

interface FoundEntry {
  readonly id: string;
  /** Of its value as it is in Redis: with its tags, compressed, encrypted. */
  readonly bytes: number;
}

export interface ReadableEntry extends FoundEntry {
  readonly tags: readonly Tag[];
  readonly state: EntryState;
  readonly ageSeconds: number;
  /** 0 when it is not fresh. */
  readonly freshForSeconds: number;
  /** Where it was asked for. */
  readonly value?: string;
}

/** Its tags and times are encrypted with its value. */
export interface UnreadableEntry extends FoundEntry {
  /** Why it cannot be read. */
  readonly unreadable: string;
}

export interface InspectOptions {
  /** How many entries at most. */
  readonly limit: number;
  /** Whether their values are told. */
  readonly values: boolean;
  /** That of the gateways, where they have one. */
  readonly seal?: Seal | undefined;
}

export interface InspectedEntries {
  readonly entries: readonly InspectedEntry[];
  /** Whether there are others, beyond the limit. */
  readonly more: boolean;
}

/** Rejects with StoreUnavailableError where Redis does not answer. */
export async function cacheStats(shared: SharedStore): Promise<CacheStats> {
  const reply = await shared.run(STATS, [STATE_KEY, ENTRIES_KEY], [CHANNEL]);
  const [epoch, sequence, , entries, usedMemoryBytes, evictedKeys, nextTakesAll] = reply;
  return {
    entries,
    // Microseconds.
    lastInvalidation: { sequence, at: new Date(sequence / 1000).toISOString() },
    epoch,
    nextInvalidationTakesAll: nextTakesAll === 1,
    redis: { usedMemoryBytes, evictedKeys },
  };
}

/**
 * What an invalidation of these tags (not of everything) would take out; of each tag, what is kept longest comes first. An entry that was
 * stored anew with other tags is among those of its former tags until what was stored before would have ended.
 *
 * Rejects with StoreUnavailableError where Redis does not answer.
 */
export async function entriesOf(
  shared: SharedStore,
  tags: readonly Tag[],
  { limit, values, seal }: InspectOptions,
): Promise<InspectedEntries> {
  // Nothing is encoded.
  const codec = createCodec({ compressAbove: Infinity, seal });
  const entries: InspectedEntry[] = [];
  for await (const marked of validOf(shared, boundedTags(tags))) {
    const found = await shared.getMany(marked.map(({ id }) => valueKey(id)));
    for (const [i, mark] of marked.entries()) {
      const bytes = found[i];
      // One without a value is no entry; one with another token has been stored anew since its mark was read.
      if (!bytes || codec.tokenOf(bytes) !== mark.token) continue;
      const entry = inspected(codec, mark, bytes, values) ?? unreadable(mark, bytes, seal !== undefined);
      if (entries.length === limit) return { entries, more: true };
      entries.push(entry);
    }
  }
  return { entries, more: false };
}

/** An entry that was valid when Redis's clock said `nowMs`. */
interface Marked {
  readonly id: string;
  readonly token: string;
  readonly nowMs: number;
}

/** Each entry once, in parts of which the values may be read at once. */
async function* validOf(shared: SharedStore, tags: readonly Tag[]): AsyncGenerator<readonly Marked[]> {
  const named = new Set<string>();
  const setKeys = tags.map(tagKey);
  for (let first = 0; ; first += IDS_PER_TAG) {
    const reply = await shared.run(TAGGED, [STATE_KEY, ENTRIES_KEY, ...setKeys], [CHANNEL, first, IDS_PER_TAG]);
    const [, , , ...idsOfEach] = reply;
    const ids = idsOfEach.flat();
    if (ids.length === 0) return;
    // What is stored or ends meanwhile moves the others.
    const marked = await markedOf(shared, [...new Set(ids).difference(named)]);
    for (const id of ids) named.add(id);
    for (let i = 0; i < marked.length; i += VALUES_PER_READ) yield marked.slice(i, i + VALUES_PER_READ);
  }
}

async function markedOf(shared: SharedStore, ids: readonly string[]): Promise<readonly Marked[]> {
  const [, , nowMs, ...marks] = await shared.run(LOOKUP, [STATE_KEY, ENTRIES_KEY, ...ids.map(liveKey)], [CHANNEL]);
  return ids.flatMap((id, i) => {
    const mark = marks[i];
    return mark ? [{ id, token: mark.slice(mark.indexOf(':') + 1), nowMs }] : [];
  });
}

/** Undefined for what cannot be read. */
function inspected(codec: Codec, mark: Marked, bytes: Buffer, withValue: boolean): ReadableEntry | undefined {
  const { id, nowMs } = mark;
  const entry = codec.decode(bytes, valueKey(id));
  if (entry === undefined) return undefined;
  return {
    id,
    bytes: bytes.byteLength,
    tags: entry.tags,
    // Its mark ends with it.
    state: stateAt(entry, nowMs) ?? 'expired',
    // In Redis, times are on its clock.
    ageSeconds: seconds(nowMs - entry.storedAt),
    freshForSeconds: seconds(entry.freshUntil - nowMs),
    ...(withValue && { value: entry.value.toString() }),
  };
}

function unreadable({ id }: Marked, bytes: Buffer, hasKey: boolean): UnreadableEntry {
  const isSealed = ((bytes[0] ?? 0) & SEALED) !== 0;
  const why = hasKey
    ? 'it is encrypted with another key, or damaged'
    : 'it is encrypted, and CACHE_ENCRYPTION_KEY is not set';
  const open = hasKey ? 'it is not encrypted, so no gateway with a key reads it' : 'it is damaged';
  return { id, bytes: bytes.byteLength, unreadable: isSealed ? why : open };
}

/** To a tenth. What was stored since Redis said the time has no age yet. */
function seconds(ms: number): number {
  return Math.round(Math.max(0, ms) / 100) / 10;
}
