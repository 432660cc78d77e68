import type { EventLoopHealth } from './event-loop.ts';
import type { SubgraphHealth } from './subgraph-health.ts';

/** What a part that serves a supergraph says of it. */
export interface SupergraphHealth {
  readonly status: 'ok' | 'conflict' | 'stale' | 'waiting';
  readonly version: string | null;
  /** ISO 8601 */
  readonly composedAt: string | null;
  readonly conflicts: readonly object[];
}

export interface RedisHealth {
  readonly status: 'ok' | 'down' | 'off';
  readonly latencyMs?: number;
  readonly error?: string;
}

/** Something that the gateway asks: as it was the last time, `unknown` before that. */
export interface AskedHealth {
  readonly status: 'ok' | 'down' | 'unknown';
  /** Without addresses. */
  readonly error: string | null;
}

export interface IdentityProviderHealth extends AskedHealth {
  readonly method: string;
}

export interface PolicyEngineHealth extends AskedHealth {
  readonly engine: string;
}

/** Where the audit log goes. */
export interface AuditHealth {
  readonly sinks: readonly AuditSink[];
}

interface AuditSink {
  readonly sink: string;
  readonly status: 'ok' | 'down';
  readonly records: number;
  readonly dropped: number;
}

export interface AuditSinkHealth extends AuditSink {
  /** Without addresses. */
  readonly error: string | null;
}

export interface HealthParts {
  readonly supergraph: SupergraphHealth & { readonly ageSeconds: number | null };
  readonly subgraphs: readonly SubgraphHealth[];
  readonly redis: RedisHealth;
  readonly identityProviders: readonly IdentityProviderHealth[];
  readonly policyEngines: readonly PolicyEngineHealth[];
  readonly auditSinks: readonly AuditSinkHealth[];
  readonly eventLoop: EventLoopHealth;
  readonly draining: boolean;
}

export type HealthStatus = 'ok' | 'degraded' | 'down';

export interface HealthReport extends HealthParts {
  readonly status: HealthStatus;
}

/** A part without which the gateway is of no use, as its operator says. */
export type CriticalPart =
  | 'supergraph'
  | 'redis'
  | 'identity-provider'
  | 'policy-engine'
  | 'audit'
  | `subgraph:${string}`;

/**
 * `down` when a critical part is, and without a supergraph always: nothing can be answered then. `degraded` when
 * something else is broken, since operations that do not need it are answered all the same.
 */
export function healthReport(parts: HealthParts, critical: ReadonlySet<CriticalPart>): HealthReport {
  return { status: overall(parts, critical), ...parts };
}

function overall(parts: HealthParts, critical: ReadonlySet<CriticalPart>): HealthStatus {
  const { supergraph, subgraphs, redis, identityProviders, policyEngines, auditSinks, eventLoop } = parts;
  const down: CriticalPart[] = subgraphs.filter(isDown).map(({ name }): CriticalPart => `subgraph:${name}`);
  if (isDown(redis)) down.push('redis');
  if (identityProviders.some(isDown)) down.push('identity-provider');
  if (policyEngines.some(isDown)) down.push('policy-engine');
  if (auditSinks.some(isDown)) down.push('audit');
  if (supergraph.status === 'waiting' || down.some((part) => critical.has(part))) return 'down';
  const isBroken =
    down.length > 0 ||
    supergraph.status !== 'ok' ||
    eventLoop.status !== 'ok' ||
    subgraphs.some(({ status, circuit }) => status === 'degraded' || circuit === 'half-open');
  return isBroken ? 'degraded' : 'ok';
}

function isDown({ status }: { readonly status: string }): boolean {
  return status === 'down';
}

/**
 * Able to serve: a supergraph is loaded, and the process has not been told to end. Nothing else counts, critical or not:
 * what all gateways share would take all of them out of the load balancer at once.
 */
export function isReady(supergraph: Pick<SupergraphHealth, 'status'>, draining: boolean): boolean {
  return supergraph.status !== 'waiting' && !draining;
}
