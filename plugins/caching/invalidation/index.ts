import type { CacheMetrics } from '../metrics.ts';
import type { CacheStore, Invalidated } from '../store/index.ts';
import { tagsToInvalidate, type Invalidation } from '../tags/tag.ts';

export type Invalidate = (invalidations: readonly Invalidation[]) => Promise<Invalidated>;

/** Takes out of the cache what may be invalid, in every process, and keeps out what began to be fetched before. */
export function invalidator(store: CacheStore, metrics: () => CacheMetrics): Invalidate {
  return (invalidations) => {
    for (const { kind } of invalidations) metrics().invalidated(kind);
    return store.invalidate([...new Set(invalidations.flatMap(tagsToInvalidate))]);
  };
}
