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

/** The circuit breaker of a subgraph. */
export interface CircuitHealth {
  readonly name: string;
  readonly circuit: 'closed' | 'open' | 'half-open';
}

export interface HealthParts {
  readonly supergraph: SupergraphHealth;
  readonly subgraphs: readonly (SubgraphHealth & Partial<CircuitHealth>)[];
  readonly redis: RedisHealth;
  readonly draining: boolean;
}

export interface HealthReport extends HealthParts {
  readonly status: 'ok' | 'degraded' | 'down';
}

/** Each subgraph with the state of its circuit breaker; one that was not called yet has none. */
export function withCircuits(
  subgraphs: readonly SubgraphHealth[],
  circuits: readonly CircuitHealth[],
): HealthParts['subgraphs'] {
  return subgraphs.map((subgraph) => {
    const found = circuits.find(({ name }) => name === subgraph.name);
    return found ? { ...subgraph, circuit: found.circuit } : subgraph;
  });
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
    supergraph.status !== 'ok' ||
    redis.status === 'down' ||
    subgraphs.some(({ status, circuit }) => status === 'down' || circuit === 'open');
  return broken ? 'degraded' : 'ok';
}

/** Able to serve: a supergraph is loaded, and the process has not been told to end. */
export function isReady({ supergraph, draining }: HealthParts): boolean {
  return supergraph.status !== 'waiting' && !draining;
}
