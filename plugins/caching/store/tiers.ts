import { StoreUnavailableError } from '../../redis/index.ts';
import type { Tag } from '../tags/tag.ts';
import { boundedTags } from './bounded-tag.ts';
import { createEntry, hitAt, keptUntil, type CacheHit, type Lifetime } from './entry.ts';
import type { Deliveries } from './invalidation/deliveries.ts';
import type { Ledger } from './invalidation/ledger.ts';
import type { Link } from './invalidation/link.ts';
import type { MemoryTier } from './memory/memory-tier.ts';
import type { CacheValue } from './value.ts';
import type { FoundEntry, Position, RedisTier } from './redis/redis-tier.ts';

/** When fetching began: what is stored with it is refused if it was invalidated since. Only for the store it is of. */
export interface Snapshot {
  /** In the ledger of this process. */
  readonly position: number;
  /** In Redis, if it answered. */
  readonly redis: Position | undefined;
}

export interface CacheRead {
  /** What was found, by id. */
  readonly hits: ReadonlyMap<string, CacheHit>;
  /** For storing what is fetched from now on. */
  readonly snapshot: Snapshot;
}

export interface NewEntry extends Lifetime {
  /** Short: a hash. */
  readonly id: string;
  readonly value: CacheValue;
  readonly tags: readonly Tag[];
}

export interface Tiers {
  /** False while others' invalidations are not heard of, although Redis answers: nothing but that is to be believed. */
  isMemoryUsed(): boolean;
  peek(id: string): CacheHit | undefined;
  read(ids: readonly string[]): Promise<CacheRead>;
  write(snapshot: Snapshot, entries: readonly NewEntry[]): Promise<readonly boolean[]>;
}

/** What is shared with other processes, where there is Redis. */
export interface SharedTier {
  readonly redis: RedisTier;
  readonly link: Link;
  readonly deliveries: Deliveries;
}

/** L1 before L2, and what of each may be believed. */
export function createTiers(memory: MemoryTier, ledger: Ledger, shared: SharedTier | undefined): Tiers {
  /** Whether L1 is served from and stored to. While invalidations may be missed and Redis answers, it is not. */
  const isMemoryUsed = (): boolean => shared?.link.mode() !== 'cut';

  function peek(id: string): CacheHit | undefined {
    if (!isMemoryUsed()) return undefined;
    const now = performance.now();
    const entry = memory.get(id, now);
    return entry && hitAt(entry, now, 'l1');
  }

  /** Whether this process's memory may hold what was valid at `position`. */
  function mayKeep(tags: readonly Tag[], position: number): boolean {
    return isMemoryUsed() && !ledger.concerns(tags, position) && !shared?.deliveries.concerns(tags);
  }

  /** Redis has it as valid: unless this process knows better, because an invalidation has not come to its end there. */
  function accept(id: string, { entry, registeredAt }: FoundEntry, position: number): CacheHit | undefined {
    if (ledger.isOvertaken(entry.tags, registeredAt) || shared?.deliveries.concerns(entry.tags)) return undefined;
    const kept = mayKeep(entry.tags, position) ? memory.set(id, entry) : entry;
    return hitAt(kept, performance.now(), 'l2');
  }

  return {
    isMemoryUsed,
    peek,

    async read(ids) {
      const position = ledger.position();
      const hits = new Map<string, CacheHit>();
      const held = new Map<string, CacheHit>();
      for (const id of ids) {
        const hit = peek(id);
        if (hit !== undefined) (hit.state === 'fresh' ? hits : held).set(id, hit);
      }
      const holdsAll = ids.length > 0 && hits.size === ids.length;
      if (shared === undefined || holdsAll) {
        const redis = shared?.link.reached();
        return { hits: new Map([...held, ...hits]), snapshot: { position, redis } };
      }
      shared.link.begin();
      const rest = ids.filter((id) => !hits.has(id));
      const lookup = await unlessAway(shared.redis.lookup(rest));
      if (lookup === undefined) {
        for (const id of rest) {
          const hit = peek(id);
          if (hit !== undefined) hits.set(id, hit);
        }
        return { hits, snapshot: { position, redis: undefined } };
      }
      for (const [id, found] of lookup.found) {
        const hit = accept(id, found, position);
        if (hit !== undefined) hits.set(id, hit);
      }
      if (ids.length === 0 || hits.size < ids.length) await shared.link.catchUp(lookup.position);
      return { hits, snapshot: { position, redis: earlier(lookup.position, shared.link.reached()) } };
    },

    async write(snapshot, newEntries) {
      const now = performance.now();
      const values = newEntries.map(({ id, value, tags, ...lifetime }) => {
        const entry = createEntry(value, boundedTags(tags), lifetime, now, Math.random());
        return { id, entry, keptMs: Math.ceil(keptUntil(entry) - now) };
      });
      const valid = shared && snapshot.redis && (await unlessAway(shared.redis.store(snapshot.redis, values)));
      return values.map(({ id, entry }, i) => {
        if (valid?.[i] === false) return false;
        const isKept = mayKeep(entry.tags, snapshot.position);
        if (isKept) memory.set(id, entry);
        return isKept || valid?.[i] === true;
      });
    },
  };
}

/**
 * Redis may have counted invalidations that are not heard of yet. What is fetched may be made of what L1 holds, or of what
 * others here are fetching already, and so be from before those.
 */
function earlier(told: Position, reached: Position | undefined): Position {
  return reached?.epoch === told.epoch && reached.sequence < told.sequence ? reached : told;
}

async function unlessAway<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof StoreUnavailableError) return undefined;
    throw error;
  }
}
