import type { FailureKind } from './failure.ts';

/** What the last calls to a subgraph came to. */
export interface CallsSeen {
  /** The last that was answered, at so many ms since 1970. */
  readonly answered: { readonly at: number; readonly latencyMs: number } | null;
  /** Those that failed since, and the last of them. */
  readonly failed: { readonly count: number; readonly at: number; readonly kind: FailureKind } | null;
}

export interface RecentCalls {
  answered(latencyMs: number): void;
  failed(kind: FailureKind): void;
  seen(): CallsSeen;
}

/** Remembers the last answer and what failed since. */
export function recentCalls(): RecentCalls {
  let last: { at: number; latencyMs: number } | null = null;
  let failures: { count: number; at: number; kind: FailureKind } | null = null;
  return {
    answered(latencyMs) {
      last = { at: Date.now(), latencyMs };
      failures = null;
    },
    failed(kind) {
      failures = { count: (failures?.count ?? 0) + 1, at: Date.now(), kind };
    },
    seen: () => ({ answered: last, failed: failures }),
  };
}
