import { LRUCache } from 'lru-cache';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Snapshot, Tiers } from '../tiers.ts';
import type { FetchLock } from './fetch-lock.ts';
import type { Fetched } from './read-through.ts';

/** How long nothing is tried after what was fetched could not be had, or not be stored. */
const PAUSE_MS = 1000;
const MAX_PAUSES = 10_000;
/** After this it is looked whether another process has fetched it. */
const FOLLOW_MS = 250;

export interface RefreshesOptions {
  readonly tiers: Tiers;
  readonly lock: FetchLock | undefined;
  readonly store: (id: string, snapshot: Snapshot, fetched: Fetched) => Promise<void>;
  readonly onRefreshFailed: (error: unknown) => void;
}

/** Fetches anew what is stale, in the background: one at a time for each id, over all processes. */
export function createRefreshes({ tiers, lock, store, onRefreshFailed }: RefreshesOptions) {
  const underWay = new Set<string>();
  const paused = new LRUCache<string, true>({ max: MAX_PAUSES, ttl: PAUSE_MS });

  async function refresh(id: string, fetch: () => Promise<Fetched>): Promise<void> {
    // In this order in Redis too: whoever has the lock sees what was stored before it was given back.
    const [release, { hits, snapshot }] = await Promise.all([lock?.claim(id), tiers.read([id])]);
    if (hits.get(id)?.state === 'fresh') return release?.();
    if (lock !== undefined && release === undefined) {
      await sleep(FOLLOW_MS, undefined, { ref: false });
      await tiers.read([id]);
      return;
    }
    try {
      const fetched = await fetch();
      if (fetched.lifetime === undefined) paused.set(id, true);
      await store(id, snapshot, fetched);
    } finally {
      release?.();
    }
  }

  return (id: string, fetch: () => Promise<Fetched>): void => {
    if (underWay.has(id) || paused.has(id)) return;
    underWay.add(id);
    refresh(id, fetch)
      .catch((error: unknown) => {
        paused.set(id, true);
        onRefreshFailed(error);
      })
      .finally(() => underWay.delete(id));
  };
}
