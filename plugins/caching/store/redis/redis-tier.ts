import { randomBytes } from 'node:crypto';
import type { SharedStore } from '../../../redis/index.ts';
import { EVERYTHING, type Tag } from '../../tags/tag.ts';
import type { CacheEntry } from '../entry.ts';
import type { Codec } from './codec.ts';
import { CHANNEL, ENTRIES_KEY, liveKey, MARKS_KEY, STATE_KEY, tagKey, valueKey } from './keys.ts';
import { batchesOf, registrationOf, type NewValue } from './registration.ts';
import { DROP, INVALIDATE, LOOKUP, REGISTER } from './scripts.ts';

/** So many keys a script: Redis does nothing else for at most a few milliseconds. */
const KEYS_PER_SCRIPT = 1000;
const TAGS_PER_INVALIDATION = 500;
/** What was fetched before the last so many invalidated tags, or for longer than this in a quiet time, is not stored. */
const MARKS = { marks: 10_000, keptMs: 10 * 60 * 1000 };
const TOKEN_BYTES = 12;

/** Where Redis stood at some time. */
export interface Position {
  /** Another one where Redis may have lost what it had acknowledged. */
  readonly epoch: string;
  /** The number of the last invalidation. */
  readonly sequence: number;
}

export interface FoundEntry {
  readonly entry: CacheEntry;
  /** The number of the last invalidation before it was registered. */
  readonly registeredAt: number;
}

export interface Lookup {
  readonly position: Position;
  /** Valid ones, by id. */
  readonly found: ReadonlyMap<string, FoundEntry>;
}

export interface RedisTierOptions {
  readonly shared: SharedStore;
  readonly codec: Codec;
  /** How long reading and storing may take, in ms. */
  readonly timeoutMs: number;
  readonly onAnswer: (position: Position) => void;
  readonly onFailure: () => void;
  readonly onUnreadable: () => void;
}

/**
 * L2: entries in Redis, for all processes. The protocol stands in docs/caching.md.
 *
 * All reject with StoreUnavailableError where Redis does not answer.
 */
export interface RedisTier {
  /** One round trip, whatever is asked for. */
  lookup(ids: readonly string[]): Promise<Lookup>;
  /**
   * Stores what was fetched since `since`, in one round trip. Says for each whether it is valid: not when one of its tags
   * was invalidated since then.
   */
  store(since: Position, values: readonly NewValue[]): Promise<readonly boolean[]>;
  /**
   * When it is fulfilled, no lookup that begins then finds an entry of these tags that was fetched before.
   *
   * @param onBegun called with the number of an invalidation once nothing older of its tags can be stored any more
   * @returns how many valid entries there were
   */
  invalidate(tags: readonly Tag[], onBegun: (tags: readonly Tag[], sequence: number) => void): Promise<number>;
}

export function createRedisTier(options: RedisTierOptions): RedisTier {
  const { shared, codec, timeoutMs, onAnswer, onFailure, onUnreadable } = options;
  /** Redis's clock, less this process's (`performance.now()`); never more than it is. */
  let clockAhead = 0;

  async function answered<Reply extends readonly [string, number, number, ...unknown[]]>(
    asked: Promise<Reply>,
  ): Promise<{ reply: Reply; position: Position }> {
    const reply = await asked.catch((error: unknown) => {
      onFailure();
      throw error;
    });
    const [epoch, sequence, nowMs] = reply;
    clockAhead = nowMs - performance.now();
    const position = { epoch, sequence };
    onAnswer(position);
    return { reply, position };
  }

  async function lookup(ids: readonly string[]): Promise<Lookup> {
    const asked = performance.now();
    const valueKeys = ids.map(valueKey);
    // In Redis too, marks are read before values. A value that comes between is not that of the mark.
    const marked = answered(
      shared.run(LOOKUP, [STATE_KEY, ENTRIES_KEY, ...ids.map(liveKey)], [CHANNEL], { timeoutMs }),
    );
    // Marks without values, as when a node of a Cluster is away, are no entries.
    const read = shared.getMany(valueKeys, { timeoutMs }).catch(() => []);
    const [{ reply, position }, values] = await Promise.all([marked, read]);
    const [, , nowMs, ...marks] = reply;

    const found = new Map<string, FoundEntry>();
    for (const [i, mark] of marks.entries()) {
      const [id, key, bytes] = [ids[i], valueKeys[i], values[i]];
      if (mark === null || id === undefined || key === undefined || !bytes) continue;
      const colon = mark.indexOf(':');
      if (codec.tokenOf(bytes) !== mark.slice(colon + 1)) continue;
      const entry = codec.decode(bytes, key);
      if (entry === undefined) onUnreadable();
      else found.set(id, { entry: shifted(entry, asked - nowMs), registeredAt: Number(mark.slice(0, colon)) });
    }
    return { position, found };
  }

  async function register(since: Position, token: string, batch: readonly NewValue[]): Promise<readonly boolean[]> {
    const { keys, text } = registrationOf(since, token, batch);
    const allKeys = [STATE_KEY, ENTRIES_KEY, MARKS_KEY, ...keys];
    const { reply } = await answered(shared.run(REGISTER, allKeys, [CHANNEL, text], { timeoutMs }));
    const [, , , ...verdicts] = reply;
    return verdicts.map((verdict) => verdict === 1);
  }

  async function drop(tag: Tag): Promise<number> {
    const order = JSON.stringify({ tag, most: KEYS_PER_SCRIPT, ...MARKS });
    let dropped = 0;
    for (let ids: readonly string[] = []; ;) {
      const keys = [STATE_KEY, ENTRIES_KEY, MARKS_KEY, tagKey(tag), ...ids.map(liveKey)];
      const { reply } = await answered(shared.run(DROP, keys, [CHANNEL, order, ...ids]));
      const [, , , count, rest] = reply;
      dropped += count;
      if (rest.length === 0) return dropped;
      ids = rest;
    }
  }

  return {
    async lookup(ids) {
      const [first = [], ...others] = parts(ids, KEYS_PER_SCRIPT);
      if (others.length === 0) return lookup(first);
      const lookups = await Promise.all([first, ...others].map(lookup));
      // The first has the earliest position: what is fetched after all of them is fetched after it.
      const [{ position }] = lookups as [Lookup];
      return { position, found: new Map(lookups.flatMap(({ found }) => [...found])) };
    },

    async store(since, values) {
      const token = randomBytes(TOKEN_BYTES).toString('base64url');
      const encoded = values.flatMap((value) => {
        const key = valueKey(value.id);
        const bytes = codec.encode(shifted(value.entry, clockAhead), key, token);
        return bytes === undefined ? [] : [{ value, stored: { key, value: bytes, ttlMs: value.keptMs } }];
      });
      // Where a value is without its mark, or a mark without its value, there is no entry: nothing has to wait.
      const setting = shared.setMany(
        encoded.map(({ stored }) => stored),
        { timeoutMs },
      );
      const registering = batchesOf(encoded.map(({ value }) => value)).map((batch) => register(since, token, batch));
      const [verdicts] = await Promise.all([Promise.all(registering), setting.catch(() => {})]);
      const valid = new Map(encoded.map(({ value }, i) => [value, verdicts.flat()[i] ?? false]));
      return values.map((value) => valid.get(value) ?? false);
    },

    async invalidate(tags, onBegun) {
      const everything = tags.includes(EVERYTHING);
      let total = 0;
      for (const part of parts(tags, TAGS_PER_INVALIDATION)) {
        const order = JSON.stringify({ tags: part, everything, ...MARKS });
        const asked = shared.run(INVALIDATE, [STATE_KEY, ENTRIES_KEY, MARKS_KEY], [CHANNEL, order]);
        const { reply, position } = await answered(asked);
        const [, , , wasEverything, count] = reply;
        onBegun(part, position.sequence);
        total += count;
        if (wasEverything === 1) continue;
        for (const dropped of await Promise.all(part.map(drop))) total += dropped;
      }
      return total;
    },
  };
}

/** With its times on another clock. */
function shifted(entry: CacheEntry, byMs: number): CacheEntry {
  return {
    ...entry,
    storedAt: entry.storedAt + byMs,
    freshUntil: entry.freshUntil + byMs,
    staleUntil: entry.staleUntil + byMs,
    expiredUntil: entry.expiredUntil + byMs,
  };
}

function parts<Item>(items: readonly Item[], size: number): (readonly Item[])[] {
  const made: (readonly Item[])[] = [];
  for (let i = 0; i < items.length; i += size) made.push(items.slice(i, i + size));
  return made;
}
