import type { CalledSubgraph } from './subgraph-health.ts';
import type { ProbedSubgraph } from './probe.ts';
import type {
  AuditHealth,
  CriticalPart,
  IdentityProviderHealth,
  PolicyEngineHealth,
  RedisHealth,
  SupergraphHealth,
} from './report.ts';

export interface HealthOptions {
  /** What the gateway serves. All that has a `status` here is asked for it often: it must not call anybody. */
  readonly supergraph: { status(): SupergraphHealth };
  /** The subgraphs whose connectivity is shown. */
  readonly subgraphs: readonly ProbedSubgraph[];
  /** Whether Redis answers. Default: it is not told. */
  readonly redis?: { status(): RedisHealth } | undefined;
  /** What the calls to subgraphs say of them: while they succeed, there are no probes. Default: probes alone tell. */
  readonly upstream?: { status(): readonly CalledSubgraph[] } | undefined;
  /** Reachability of identity providers. Default: it is not told. */
  readonly authentication?: { status(): readonly IdentityProviderHealth[] } | undefined;
  /** Reachability of policy engines. Default: it is not told. */
  readonly authorization?: { status(): readonly PolicyEngineHealth[] } | undefined;
  /** Whether audit records can be written. Default: it is not told. */
  readonly audit?: { status(): AuditHealth } | undefined;
  /**
   * What makes the whole `down` (503) when it is down: `redis`, `identity-provider`, `policy-engine`, `audit`,
   * `subgraph:<name>`. The supergraph does so always. Default: `['supergraph']`.
   */
  readonly critical?: readonly CriticalPart[];
  /** Who may see more than the status: everyone, or who has the token. The admin listener shows all. Default: `public`. */
  readonly details?: 'public' | 'private';
  /** For `Authorization: Bearer`; 16 characters or more. Default: nobody has one. */
  readonly token?: string | undefined;
  /** How often each subgraph is probed, in ms, give or take a fifth. Default: 10,000. */
  readonly probeInterval?: number;
  /** How long a subgraph may take to answer a probe, in ms. Default: 5,000. */
  readonly probeTimeout?: number;
  /** A longer delay of the event loop, in ms, at the 99th percentile of five seconds, is `degraded`. Default: 250. */
  readonly maxEventLoopDelay?: number;
  /**
   * How long the gateway serves on when it was told to end and `/health/ready` says so, in ms: the time in which load
   * balancers are to notice. Default: 0.
   */
  readonly drainDelay?: number;
}

export interface HealthSettings {
  readonly critical: ReadonlySet<CriticalPart>;
  readonly details: 'public' | 'private';
  readonly token: string | undefined;
  readonly probeInterval: number;
  readonly probeTimeout: number;
  readonly maxEventLoopDelay: number;
  readonly drainDelay: number;
}

const MIN_TOKEN_LENGTH = 16;

/** Throws an `Error` that names the option and what it takes. */
export function healthSettings(options: HealthOptions): HealthSettings {
  const { critical = ['supergraph'], details = 'public', token } = options;
  const { probeInterval = 10_000, probeTimeout = 5_000, maxEventLoopDelay = 250, drainDelay = 0 } = options;
  const known = new Set<string>(knownParts(options));
  for (const part of critical) {
    if (!known.has(part)) throw wrong('critical', `has ${JSON.stringify(part)}`, `of ${[...known].join(', ')}`);
  }
  if (details !== 'public' && details !== 'private') {
    throw wrong('details', `is ${JSON.stringify(details)}`, '"public" or "private"');
  }
  // It is not repeated: it may be all but right.
  if (token !== undefined && token.length < MIN_TOKEN_LENGTH) {
    throw wrong('token', 'is too short', `${MIN_TOKEN_LENGTH} characters or more (HEALTH_TOKEN)`);
  }
  wholeMs('probeInterval', probeInterval, 1);
  wholeMs('probeTimeout', probeTimeout, 1);
  wholeMs('maxEventLoopDelay', maxEventLoopDelay, 1);
  wholeMs('drainDelay', drainDelay, 0);
  return { critical: new Set(critical), details, token, probeInterval, probeTimeout, maxEventLoopDelay, drainDelay };
}

/** `HEALTH_TOKEN`: details are for those who have it; `DRAIN_DELAY`, in ms. Throws an `Error` that names a wrong one. */
export function healthFromEnvironment({
  HEALTH_TOKEN,
  DRAIN_DELAY,
}: NodeJS.ProcessEnv): Pick<HealthOptions, 'details' | 'token' | 'drainDelay'> {
  const drainDelay = Number(DRAIN_DELAY);
  if (DRAIN_DELAY && !(Number.isInteger(drainDelay) && drainDelay >= 0)) {
    throw new Error(`DRAIN_DELAY is "${DRAIN_DELAY}"; it takes a whole number of ms from 0`);
  }
  return {
    ...(HEALTH_TOKEN && { details: 'private', token: HEALTH_TOKEN }),
    ...(DRAIN_DELAY && { drainDelay }),
  };
}

/** Those that this gateway has. */
function knownParts(options: HealthOptions): readonly CriticalPart[] {
  return [
    'supergraph',
    ...(options.redis ? (['redis'] as const) : []),
    ...(options.authentication ? (['identity-provider'] as const) : []),
    ...(options.authorization ? (['policy-engine'] as const) : []),
    ...(options.audit ? (['audit'] as const) : []),
    ...options.subgraphs.map(({ name }): CriticalPart => `subgraph:${name}`),
  ];
}

function wholeMs(option: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least) {
    throw wrong(option, `is ${JSON.stringify(value)}`, `a whole number of ms from ${least}`);
  }
}

function wrong(option: string, found: string, takes: string): Error {
  return new Error(`useHealth: ${option} ${found}; it takes ${takes}`);
}
