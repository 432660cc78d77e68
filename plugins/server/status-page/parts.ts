/** What of the status of each part the page shows. */
export interface StatusParts {
  readonly health: HealthPart;
  readonly supergraph: SupergraphPart;
  /** The newest first. */
  readonly reloads: readonly ReloadPart[];
  readonly cache: CachePart;
  readonly limits: LimitsPart;
  readonly subscriptions: SubscriptionsPart;
  readonly server: ServerPart;
  readonly telemetry: TelemetryPart;
}

/** Those that the gateway has. */
export type KnownParts = { readonly [Part in keyof StatusParts]?: StatusParts[Part] | undefined };

/** Asks each part how it is. Those that have another name are for others. */
export type StatusSources = { readonly [Part in keyof StatusParts]?: () => StatusParts[Part] } & {
  readonly [part: string]: (() => unknown) | undefined;
};

interface Asked {
  readonly status: string;
  readonly error: string | null;
}

export interface HealthPart {
  readonly status: 'ok' | 'degraded' | 'down';
  readonly draining: boolean;
  readonly subgraphs: readonly SubgraphPart[];
  readonly redis: { readonly status: string; readonly latencyMs?: number; readonly error?: string };
  readonly identityProviders: readonly (Asked & { readonly method: string })[];
  readonly policyEngines: readonly (Asked & { readonly engine: string })[];
  readonly auditSinks: readonly (Asked & {
    readonly sink: string;
    readonly records: number;
    readonly dropped: number;
  })[];
  readonly eventLoop: { readonly status: string; readonly delayP99Ms: number | null };
}

export interface SubgraphPart extends Asked {
  readonly name: string;
  readonly latencyMs: number | null;
  /** ISO 8601 */
  readonly lastOkAt: string | null;
  readonly circuit?: string;
}

export interface SupergraphPart {
  readonly status: string;
  readonly version: string | null;
  /** ISO 8601 */
  readonly composedAt: string | null;
  readonly compositionMs: number | null;
  readonly conflicts: readonly ConflictPart[];
  /** Why a subgraph's schema could not be had, by subgraph. */
  readonly unavailable: Readonly<Record<string, string>>;
}

export interface ConflictPart {
  readonly code: string;
  readonly message: string;
  readonly subgraphs: readonly string[];
  readonly coordinates: readonly string[];
  readonly hint: string;
}

export interface ReloadPart {
  readonly version: string;
  /** ISO 8601 */
  readonly composedAt: string;
  readonly changes: readonly ChangePart[];
  readonly omitted: number;
}

export interface ChangePart {
  readonly level: 'breaking' | 'dangerous' | 'safe';
  readonly message: string;
  readonly coordinate: string;
}

export type CacheTier = 'l1' | 'l2' | 'entity';

export interface CachePart {
  readonly l1: { readonly entries: number; readonly bytes: number; readonly maxBytes: number };
  readonly l2: string;
  readonly undelivered: number;
  /** Since the start, by the tier that had it or was asked last. */
  readonly requests: Readonly<Record<CacheTier, CacheCounts>>;
}

export interface CacheCounts {
  readonly hit: number;
  readonly miss: number;
  readonly stale: number;
  readonly bypass: number;
}

export interface LimitsPart {
  readonly usage: readonly UsagePart[];
}

export interface UsagePart {
  readonly policy: string;
  readonly for: string;
  readonly limit: number;
  readonly remaining: number;
  /** ISO 8601; of quotas. */
  readonly periodEndsAt?: string;
}

export interface SubscriptionsPart {
  readonly subscriptions: number;
  readonly sources: number;
  readonly callers: number;
}

export interface ServerPart {
  readonly frontDoor: { readonly answered: number } | undefined;
  readonly webSockets: { readonly connections: number; readonly operations: number } | undefined;
}

/** Totals since the start. */
export interface TelemetryPart {
  readonly operations: number;
  readonly failed: number;
  readonly byCode: Readonly<Record<string, number>>;
}
