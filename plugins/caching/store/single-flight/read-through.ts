import { setTimeout as sleep } from 'node:timers/promises';
import type { Tag } from '../../tags/tag.ts';
import { boundedTags } from '../bounded-tag.ts';
import { hitAt, type CacheHit, type Lifetime } from '../entry.ts';
import type { Ledger } from '../invalidation/ledger.ts';
import type { CacheValue } from '../value.ts';
import type { CacheRead, Snapshot, Tiers } from '../tiers.ts';
import { LOCK_MS, type FetchLock } from './fetch-lock.ts';
import { createRefreshes } from './refreshes.ts';

/** How often a fetch under way may turn out to be from before an invalidation, until one is made that nobody joins. */
const MAX_JOINS = 3;
const FIRST_POLL_MS = 10;
const LAST_POLL_MS = 100;

/** What fetching gave. It may carry more than this, for all who waited for it. */
export interface Fetched {
  readonly value: CacheValue;
  readonly tags: readonly Tag[];
  /** Without one it is not stored, and only for whoever fetched it. */
  readonly lifetime?: Lifetime | undefined;
}

export type Served<F extends Fetched> =
  | {
      readonly from: 'cache';
      readonly hit: CacheHit;
      /** Why fetching failed, where the hit is served in its place (stale-if-error). */
      readonly error?: unknown;
    }
  | { readonly from: 'fetch'; readonly fetched: F };

export type ReadThrough = <F extends Fetched>(id: string, fetch: () => Promise<F>) => Promise<Served<F>>;

export interface ReadThroughOptions {
  readonly tiers: Tiers;
  readonly ledger: Ledger;
  /** Undefined for a process that has no others beside it. */
  readonly lock: FetchLock | undefined;
  readonly onRefreshFailed: (error: unknown) => void;
}

interface Flight {
  /** In the ledger, when it began. */
  readonly position: number;
  /** Until it has ended, as in `plugins/under-way.ts`. */
  served: Promise<Served<Fetched>> | undefined;
}

interface Landed<F extends Fetched> {
  readonly served: Served<F>;
  readonly storing?: Promise<unknown>;
}

/** Fetches what the cache does not have: once, for all who ask for it in this process, and by turns in others. */
export function createReadThrough({ tiers, ledger, lock, onRefreshFailed }: ReadThroughOptions): ReadThrough {
  const flights = new Map<string, Flight>();
  const refresh = createRefreshes({ tiers, lock, store, onRefreshFailed });

  function serve<F extends Fetched>(hit: CacheHit, id: string, fetch: () => Promise<F>): Served<F> {
    if (hit.state === 'stale') refresh(id, fetch);
    return { from: 'cache', hit };
  }

  async function store(id: string, snapshot: Snapshot, { value, tags, lifetime }: Fetched): Promise<void> {
    if (lifetime !== undefined) await tiers.write(snapshot, [{ id, value, tags, ...lifetime }]);
  }

  /** Gives what another process has fetched meanwhile, or what there is when it has not. */
  async function waitForOther(id: string, other: FetchLock): Promise<CacheRead> {
    const deadline = performance.now() + LOCK_MS;
    for (let pause = FIRST_POLL_MS; ; pause = Math.min(LAST_POLL_MS, pause * 1.5)) {
      await sleep(pause);
      // In this order in Redis too: what was stored before the lock was given back is seen.
      const [isHeld, read] = await Promise.all([other.isHeld(id), tiers.read([id])]);
      if (!isHeld || isServable(read.hits.get(id)) || performance.now() > deadline) return read;
    }
  }

  async function fly<F extends Fetched>(id: string, fetch: () => Promise<F>): Promise<Landed<F>> {
    let read = await tiers.read([id]);
    let hit = read.hits.get(id);
    if (isServable(hit)) return { served: serve(hit, id, fetch) };
    let release: (() => void) | undefined;
    if (lock !== undefined && read.snapshot.redis !== undefined) {
      // In this order in Redis too: whoever has the lock sees what was stored before it was given back.
      [release, read] = await Promise.all([lock.claim(id), tiers.read([id])]);
      if (release === undefined && !isServable(read.hits.get(id))) read = await waitForOther(id, lock);
      hit = read.hits.get(id);
      if (isServable(hit)) {
        release?.();
        return { served: serve(hit, id, fetch) };
      }
    }
    try {
      const fetched = await fetch();
      const storing = store(id, read.snapshot, fetched).finally(() => release?.());
      return { served: { from: 'fetch', fetched }, storing };
    } catch (error) {
      release?.();
      const kept = hit && hitAt(hit.entry, performance.now(), hit.tier);
      if (kept === undefined) throw error;
      return { served: { from: 'cache', hit: kept, error } };
    }
  }

  function lead<F extends Fetched>(id: string, fetch: () => Promise<F>): Promise<Served<F>> {
    const position = ledger.position();
    const landed = fly(id, fetch);
    const served = landed.then((made) => made.served);
    const flight: Flight = { position, served };
    flights.set(id, flight);
    const end = (): void => {
      flight.served = undefined;
      if (flights.get(id) === flight) flights.delete(id);
    };
    // Until it is stored, it is found here.
    landed.then(({ storing }) => storing).then(end, end);
    return served;
  }

  /** Whether it serves one who joined at `joinedAt`: nothing of it was invalidated between its beginning and then. */
  function isFor(served: Served<Fetched>, { position }: Flight, joinedAt: number): boolean {
    return joinedAt === position || !ledger.concerns(tagsOf(served), position);
  }

  /** Whether it would be known here what was invalidated since a flight began. */
  async function isTold(): Promise<boolean> {
    if (tiers.isMemoryUsed()) return true;
    // It may be that Redis is away too, and nobody can tell anyone.
    await tiers.read([]);
    return tiers.isMemoryUsed();
  }

  return async <F extends Fetched>(id: string, fetch: () => Promise<F>): Promise<Served<F>> => {
    const held = tiers.peek(id);
    if (isServable(held)) return serve(held, id, fetch);
    for (let joins = 0; joins < MAX_JOINS; joins++) {
      const flight = flights.get(id);
      const answer = flight?.served;
      if (!flight || !answer || !(await isTold())) return lead(id, fetch);
      const joinedAt = ledger.position();
      // Whoever uses one id fetches the same.
      const served = (await answer) as Served<F>;
      if (served.from === 'fetch' && served.fetched.lifetime === undefined) break;
      if (isFor(served, flight, joinedAt)) return served;
      // It may still be on its way to be stored. The first who cannot use it leads the next one, for all the others.
      if (flights.get(id) === flight) return lead(id, fetch);
    }
    return { from: 'fetch', fetched: await fetch() };
  };
}

function isServable(hit: CacheHit | undefined): hit is CacheHit & { readonly state: 'fresh' | 'stale' } {
  return hit !== undefined && hit.state !== 'expired';
}

function tagsOf(served: Served<Fetched>): readonly Tag[] {
  return served.from === 'cache' ? served.hit.tags : boundedTags(served.fetched.tags);
}
