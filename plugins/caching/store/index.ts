import type { SharedStore } from '../../redis/index.ts';
import type { Tag } from '../tags/tag.ts';
import { boundedTags } from './bounded-tag.ts';
import type { CacheHit } from './entry.ts';
import { createDeliveries } from './invalidation/deliveries.ts';
import { createLedger } from './invalidation/ledger.ts';
import { createLink, type LinkMode } from './invalidation/link.ts';
import { createMemoryTier } from './memory/memory-tier.ts';
import { createCodec } from './redis/codec.ts';
import { createRedisTier } from './redis/redis-tier.ts';
import { createSeal } from './redis/seal.ts';
import { createFetchLock } from './single-flight/fetch-lock.ts';
import { createReadThrough, type ReadThrough } from './single-flight/read-through.ts';
import { createTiers, type CacheRead, type NewEntry, type SharedTier, type Snapshot } from './tiers.ts';

export type { CacheEntry, CacheHit, EntryState, Lifetime, Tier } from './entry.ts';
export type { LinkMode } from './invalidation/link.ts';
export type { Fetched, ReadThrough, Served } from './single-flight/read-through.ts';
export { bytesOf, textOf, type CacheValue } from './value.ts';
export type { CacheRead, NewEntry, Snapshot } from './tiers.ts';

const MAX_BYTES = 64 * 1024 * 1024;
/** Shorter ones fit into a packet or two, and compressing them costs more than sending them. */
const COMPRESS_ABOVE = 2048;
const TIMEOUT_MS = 100;

export interface CacheStoreOptions {
  /** Where the second tier is. One in memory has none: then entries are in L1 alone. */
  shared: SharedStore;
  /** How much memory L1 may take, in bytes, roughly. Default 64 MiB. */
  maxBytes?: number | undefined;
  /** 32 bytes in base64: encrypts what is in Redis (AES-256-GCM). Without one it is in the clear. */
  encryptionKey?: string | undefined;
  /** What is longer (bytes) is compressed in Redis. Default 2048. */
  compressAbove?: number | undefined;
  /** How long reading and storing may wait for Redis, in ms; never longer than `shared` does. Default 100. */
  timeoutMs?: number | undefined;
  onEvent?: ((event: CacheEvent) => void) | undefined;
}

export type CacheEvent =
  /** A value in Redis could not be read: it is of another encryption key, or damaged. It counts as missing. */
  | { readonly type: 'unreadable' }
  /** L1 was emptied, since invalidations may have been missed. */
  | { readonly type: 'dropped' }
  /** So many tags whose invalidation could not be delivered to other processes so far; 0 when all have been. */
  | { readonly type: 'undelivered'; readonly tags: number }
  /** Fetching anew what is stale has failed. It goes on being served within its window. */
  | { readonly type: 'refresh failed'; readonly error: unknown };

export interface Invalidated {
  /** How many entries went. Where it is not delivered: of this process's own. */
  readonly invalidated: number;
  /** False where Redis did not answer: it is tried again until it does, and holds for this process meanwhile. */
  readonly delivered: boolean;
}

export interface CacheStatus {
  readonly l1: { readonly entries: number; readonly bytes: number; readonly maxBytes: number };
  /** How it stands to other processes; `off`: there is no Redis. */
  readonly l2: LinkMode | 'off';
  /** Tags whose invalidation could not be delivered so far. */
  readonly undelivered: number;
}

/**
 * A cache in two tiers, L1 in memory and L2 in Redis, whose entries are invalidated by tags.
 *
 * Nothing rejects because Redis is away, and nothing waits for it longer than `timeoutMs`. docs/caching.md says what holds.
 */
export interface CacheStore {
  /** What L1 holds, in whatever state, without waiting. */
  peek(id: string): CacheHit | undefined;
  /**
   * From L1 what is fresh there, all else from L2 in one round trip. Of what is found in no tier there is no hit.
   * Without ids it gives a snapshot alone: for what is fetched although it may be here.
   */
  read(ids: readonly string[]): Promise<CacheRead>;
  /**
   * Stores what was fetched after `snapshot` was taken, in one round trip. Says for each whether it was stored: not when
   * one of its tags was invalidated since. Rejects with a RangeError for a lifetime that is none.
   */
  write(snapshot: Snapshot, entries: readonly NewEntry[]): Promise<readonly boolean[]>;
  /**
   * From the cache or, where it has none, fetched and stored. All who ask for the same at once get it from one fetch, in
   * other processes too. What is stale is served and fetched anew in the background; where fetching fails, what is
   * expired is served; else it rejects with what `fetch` rejected with.
   *
   * @param fetch has to settle by itself, and to fetch the same whoever asks for this id
   */
  readonly readThrough: ReadThrough;
  /**
   * Takes all entries of these tags out, in every process, and keeps out what began to be fetched before. `all` is a tag
   * of every entry.
   */
  invalidate(tags: readonly Tag[]): Promise<Invalidated>;
  /** Another one after each invalidation that this process has heard of. */
  position(): number;
  status(): CacheStatus;
  /** Ends timers and the subscription, and tries a last time to deliver invalidations. `shared` stays open. */
  close(): Promise<void>;
}

/** Throws a TypeError for an `encryptionKey` that is none, a RangeError for numbers that are no such sizes or times. */
export function createCacheStore({
  shared,
  maxBytes = MAX_BYTES,
  encryptionKey,
  compressAbove = COMPRESS_ABOVE,
  timeoutMs = TIMEOUT_MS,
  onEvent = () => {},
}: CacheStoreOptions): CacheStore {
  for (const [name, value] of Object.entries({ maxBytes, compressAbove, timeoutMs })) {
    if (Number.isSafeInteger(value) && value > 0) continue;
    throw new RangeError(`${name} takes a whole number above 0, not ${value}.`);
  }
  const memory = createMemoryTier(maxBytes);
  const ledger = createLedger();
  const seal = encryptionKey === undefined ? undefined : createSeal(encryptionKey);
  const others = shared.kind === 'memory' ? undefined : shareBy(shared);
  const lock = others && createFetchLock(shared);
  const tiers = createTiers(memory, ledger, others);

  function evict(tags: readonly Tag[], sequence?: number): number {
    ledger.record(tags, sequence);
    return memory.evict(tags, performance.now());
  }

  function shareBy(store: SharedStore): SharedTier {
    const link = createLink({
      shared: store,
      ask: async () => (await redis.lookup([])).position,
      onHeard: evict,
      onMissed() {
        ledger.recordEverything();
        if (memory.size().entries === 0) return;
        memory.clear();
        onEvent({ type: 'dropped' });
      },
      onRenumbered: () => ledger.renumber(),
    });
    const redis = createRedisTier({
      shared: store,
      codec: createCodec({ compressAbove, seal }),
      timeoutMs,
      onAnswer: link.answered,
      onFailure: link.failed,
      onUnreadable: () => onEvent({ type: 'unreadable' }),
    });
    const deliveries = createDeliveries({
      deliver: (tags) => redis.invalidate(tags, (begun, sequence) => ledger.record(begun, sequence)),
      onChange: (tags) => onEvent({ type: 'undelivered', tags }),
    });
    return { redis, link, deliveries };
  }

  return {
    ...tiers,

    readThrough: createReadThrough({
      tiers,
      ledger,
      lock,
      onRefreshFailed: (error) => onEvent({ type: 'refresh failed', error }),
    }),

    async invalidate(tags) {
      const bounded = boundedTags(tags);
      const here = evict(bounded);
      if (others === undefined || bounded.length === 0) return { invalidated: here, delivered: true };
      others.link.begin();
      const everywhere = await others.deliveries.send(bounded);
      return { invalidated: everywhere ?? here, delivered: everywhere !== undefined };
    },

    position: ledger.position,
    status: () => ({
      l1: { ...memory.size(), maxBytes },
      l2: others?.link.mode() ?? 'off',
      undelivered: others?.deliveries.undelivered() ?? 0,
    }),

    async close() {
      others?.link.close();
      await others?.deliveries.close();
    },
  };
}
