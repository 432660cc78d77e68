import { LRUCache } from 'lru-cache';
import type { Standing } from './headers.ts';

/** How it stood with one of a policy's buckets or quotas when this process last asked. */
export interface Usage {
  readonly policy: string;
  readonly for: string;
  readonly limit: number;
  readonly remaining: number;
  /** Of quotas, in their period. */
  readonly used?: number;
  readonly periodEndsAt?: string;
}

export interface RecentUsage {
  note(standings: readonly Standing[]): void;
  /** Those asked for last come first. */
  list(): readonly Usage[];
}

const MAX = 1_000;

/** Remembers, for operators, the buckets and quotas that this process asked for last. */
export function recentUsage(): RecentUsage {
  const seen = new LRUCache<string, Standing>({ max: MAX });
  return {
    note(standings) {
      for (const standing of standings) seen.set(standing.state.entry.key, standing);
    },
    list: () => [...seen.values()].map(usageOf),
  };
}

function usageOf({ policy, state }: Standing): Usage {
  const who = state.entry.key.slice(policy.length + 1);
  const { remaining } = state;
  if (state.kind === 'bucket') return { policy, for: who, limit: state.entry.bucket.capacity, remaining };
  const periodEndsAt = new Date(state.period.endsAt).toISOString();
  return { policy, for: who, limit: state.entry.quota.limit, remaining, used: state.used, periodEndsAt };
}
