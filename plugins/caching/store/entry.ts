import type { Tag } from '../tags/tag.ts';
import type { CacheValue } from './value.ts';

/**
 * How good an entry still is:
 * - `fresh`: to be served
 * - `stale`: within its stale-while-revalidate window (RFC 5861): to be served while it is fetched anew
 * - `expired`: within its stale-if-error window: to be served only if fetching it anew fails
 */
export type EntryState = 'fresh' | 'stale' | 'expired';

/** What is kept under an id. Times are on this process's monotonic clock (`performance.now()`, ms). */
export interface CacheEntry {
  readonly value: CacheValue;
  readonly tags: readonly Tag[];
  readonly storedAt: number;
  readonly freshUntil: number;
  /** The end of its stale-while-revalidate window. */
  readonly staleUntil: number;
  /** The end of its stale-if-error window. */
  readonly expiredUntil: number;
}

/** How long something is kept. All are whole milliseconds. */
export interface Lifetime {
  /** Above 0. An entry is fresh for this long, or up to a tenth shorter. */
  readonly ttlMs: number;
  /** How long it may be served after that while it is fetched anew. Default 0. */
  readonly staleWhileRevalidateMs?: number | undefined;
  /** How long it may be served after `ttlMs` when fetching it anew fails. Default 0. */
  readonly staleIfErrorMs?: number | undefined;
}

/** Entries that were stored together do not all end together. */
const JITTER = 0.1;

/**
 * Throws a RangeError for a lifetime that none of them can have.
 *
 * @param random in [0, 1)
 */
export function createEntry(
  value: CacheValue,
  tags: readonly Tag[],
  { ttlMs, staleWhileRevalidateMs = 0, staleIfErrorMs = 0 }: Lifetime,
  now: number,
  random: number,
): CacheEntry {
  for (const ms of [ttlMs - 1, staleWhileRevalidateMs, staleIfErrorMs]) {
    if (!(Number.isSafeInteger(ms) && ms >= 0)) {
      const given = JSON.stringify({ ttlMs, staleWhileRevalidateMs, staleIfErrorMs });
      throw new RangeError(`A lifetime takes whole milliseconds, and a ttlMs above 0, not ${given}.`);
    }
  }
  const freshUntil = now + Math.max(1, Math.ceil(ttlMs * (1 - JITTER * random)));
  return {
    value,
    tags,
    storedAt: now,
    freshUntil,
    staleUntil: freshUntil + staleWhileRevalidateMs,
    expiredUntil: freshUntil + staleIfErrorMs,
  };
}

/** Undefined for an entry that is of no use any more. */
export function stateAt(entry: CacheEntry, now: number): EntryState | undefined {
  if (now < entry.freshUntil) return 'fresh';
  if (now < entry.staleUntil) return 'stale';
  return now < entry.expiredUntil ? 'expired' : undefined;
}

export function keptUntil({ staleUntil, expiredUntil }: CacheEntry): number {
  return Math.max(staleUntil, expiredUntil);
}

/** The tiers an entry is read from: this process's memory, and Redis. */
export type Tier = 'l1' | 'l2';

/** An entry as it was found. */
export interface CacheHit {
  readonly value: CacheValue;
  readonly tags: readonly Tag[];
  readonly state: EntryState;
  readonly tier: Tier;
  /** How long ago it was stored, in ms. */
  readonly ageMs: number;
  /** How long it is still fresh, in ms; 0 when it is not. */
  readonly freshForMs: number;
  /** The same object for as long as it stays in this process's memory: what is derived from it can hang on it. */
  readonly entry: CacheEntry;
}

export function hitAt(entry: CacheEntry, now: number, tier: Tier): CacheHit | undefined {
  const state = stateAt(entry, now);
  if (state === undefined) return undefined;
  const { value, tags, storedAt, freshUntil } = entry;
  return { value, tags, state, tier, ageMs: now - storedAt, freshForMs: Math.max(0, freshUntil - now), entry };
}
