import type { SubgraphHealth } from './probe.ts';

/** What a part that serves a supergraph says of it. */
export interface SupergraphHealth {
  readonly status: 'ok' | 'conflict' | 'stale' | 'waiting';
  readonly version: string | null;
  readonly composedAt: string | null;
  readonly conflicts: readonly object[];
}

export interface RedisHealth {
  readonly status: 'ok' | 'down' | 'off';
}

export interface HealthParts {
  readonly supergraph: SupergraphHealth;
  readonly subgraphs: readonly SubgraphHealth[];
  readonly redis: RedisHealth;
  readonly draining: boolean;
}

export interface HealthReport extends HealthParts {
  readonly status: 'ok' | 'degraded' | 'down';
}

/**
 * `down` without a supergraph: nothing can be answered. `degraded` when something is broken and operations that do not
 * need it are answered all the same.
 */
export function healthReport(parts: HealthParts): HealthReport {
  return { status: overall(parts), ...parts };
}

function overall({ supergraph, subgraphs, redis }: HealthParts): HealthReport['status'] {
  if (supergraph.status === 'waiting') return 'down';
  const broken =
    supergraph.status !== 'ok' || redis.status === 'down' || subgraphs.some((subgraph) => subgraph.status === 'down');
  return broken ? 'degraded' : 'ok';
}

/** Able to serve: a supergraph is loaded, and the process has not been told to end. */
export function isReady({ supergraph, draining }: HealthParts): boolean {
  return supergraph.status !== 'waiting' && !draining;
}
