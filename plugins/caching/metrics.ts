import { metrics } from '@opentelemetry/api';
import type { Invalidation } from './tags/tag.ts';

export type CacheTier = 'l1' | 'l2' | 'entity';
export type CacheOutcome = 'hit' | 'miss' | 'stale' | 'bypass';

/** How often the cache was asked since the start, by what came of it. */
export type CacheCounts = Readonly<Record<CacheTier, Readonly<Record<CacheOutcome, number>>>>;

export interface CacheMetrics {
  /** Whole responses by the tier that had it, or that was asked last; and so many parts of subgraphs' answers. */
  asked(tier: CacheTier, outcome: CacheOutcome, count?: number): void;
  invalidated(kind: Invalidation['kind']): void;
  counts(): CacheCounts;
}

/** By OpenTelemetry's API: to be called when its SDK has been set up, if there is one. */
export function cacheMetrics(): CacheMetrics {
  const meter = metrics.getMeter('gatehouse');
  const requests = meter.createCounter('gatehouse.cache.requests', {
    description: 'Whole responses, and entities and root fields of subgraphs, that the cache was asked for',
  });
  const invalidations = meter.createCounter('gatehouse.cache.invalidations', {
    description: 'Invalidations, whatever they found',
  });
  const none = () => ({ hit: 0, miss: 0, stale: 0, bypass: 0 });
  const counts = { l1: none(), l2: none(), entity: none() };
  return {
    asked(tier, outcome, count = 1) {
      counts[tier][outcome] += count;
      requests.add(count, { tier, outcome });
    },
    invalidated: (kind) => invalidations.add(1, { kind }),
    counts: () => counts,
  };
}
