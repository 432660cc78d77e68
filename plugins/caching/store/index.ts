import type { SharedStore } from '../../redis/index.ts';
import type { Tag } from '../tags/tag.ts';
import { boundedTags } from './bounded-tag.ts';
import type { CacheHit } from './entry.ts';
import { createDeliveries } from './invalidation/deliveries.ts';
import { createLedger } from './invalidation/ledger.ts';
import { createLink, type LinkMode } from './invalidation/link.ts';
import { resolveOptions, type CacheStoreOptions } from './options.ts';
import { createMemoryTier } from './memory/memory-tier.ts';
import { createCodec } from './redis/codec.ts';
import { createRedisTier } from './redis/redis-tier.ts';
import { createSeal } from './redis/seal.ts';
import { createFetchLock } from './single-flight/fetch-lock.ts';
import { createReadThrough, type ReadThrough } from './single-flight/read-through.ts';
import { createTiers, type CacheRead, type NewEntry, type SharedTier, type Snapshot } from './tiers.ts';

export type { CacheEntry, CacheHit, EntryState, Lifetime, Tier } from './entry.ts';
export type { CacheEvent, CacheStoreOptions } from './options.ts';
export type { LinkMode } from './invalidation/link.ts';
export type { Fetched, ReadThrough, Served } from './single-flight/read-through.ts';
export { bytesOf, textOf, type CacheValue } from './value.ts';
export type { CacheRead, NewEntry, Snapshot } from './tiers.ts';

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
  /** Another one after each invalidation that this process has heard of, or may have missed. */
  position(): number;
  status(): CacheStatus;
  /** Ends timers and the subscription, and tries a last time to deliver invalidations. `shared` stays open. */
  close(): Promise<void>;
}

/** Throws a TypeError for an `encryptionKey` that is none, a RangeError for numbers that are no such sizes or times. */
export function createCacheStore(options: CacheStoreOptions): CacheStore {
  const { shared, maxBytes, encryptionKey, compressAbove, timeoutMs, onEvent } = resolveOptions(options);
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
