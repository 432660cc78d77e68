import type { PrincipalTokenOptions } from './principal-token.ts';

/** How the gateway treats one subgraph. Times in ms. */
export interface SubgraphLimits {
  /** How long one call may take, in ms. Default: 30,000. */
  readonly timeout: number;
  /** How often a query is tried again after a failure that may pass; mutations and subscriptions never are. Default: 2. */
  readonly retries: number;
  /** The longest wait before the first retry, in ms; each further one may be twice as long, up to `maxDelay`. Default: 50. */
  readonly baseDelay: number;
  /** The longest wait before any retry, in ms. Default: 1,000. */
  readonly maxDelay: number;
  /** A subgraph that asks for a longer wait (`Retry-After`), in ms, is not tried again. Default: 2,000. */
  readonly maxRetryAfter: number;
  /** Retries may be this share of the calls, from 0 to 1. Default: 0.2. */
  readonly retryBudget: number;
  /** Calls at the same time. Default: 200. */
  readonly concurrency: number;
  /** Calls that may wait for one of those to end; further ones fail at once. Default: 1,000. */
  readonly queue: number;
  /** Open connections, at most. Default: 200. */
  readonly connections: number;
  /** How long one may take to open, in ms. Default: 5,000. */
  readonly connectTimeout: number;
  /** How long an idle one is kept, in ms; less when the subgraph says so (`Keep-Alive`). Default: 4,000. */
  readonly keepAlive: number;
  /** The largest answer, in bytes. Default: 33,554,432. */
  readonly maxResponseBytes: number;
  /** The circuit breaker: how far back calls count, in ms. Default: 10,000. */
  readonly breakerWindow: number;
  /** With fewer calls within that time it stays closed, whatever comes of them. Default: 20. */
  readonly breakerMinimumCalls: number;
  /** The share of failed calls that opens it, from 0 to 1. Default: 0.5. */
  readonly breakerErrorRate: number;
  /** The share of calls slower than `slowCall` that opens it, from 0 to 1. Default: 0.9. */
  readonly breakerSlowRate: number;
  /** In ms. Default: 10,000. */
  readonly slowCall: number;
  /** How long it stays open before it lets a probe through, in ms. Default: 5,000. */
  readonly breakerOpenFor: number;
  /** How many probes in a row close it. Default: 2. */
  readonly breakerProbes: number;
}

export interface UpstreamOptions extends Partial<SubgraphLimits> {
  /** How long all subgraph calls of one request may take together, in ms; subscriptions have no such limit. Default: 60,000. */
  readonly requestDeadline?: number;
  /** Request headers of clients that are passed on. `traceparent` and `tracestate` always are, when they are well-formed. Default: none. */
  readonly forwardHeaders?: readonly string[];
  /** Extensions of a subgraph's errors that clients may see, beside `code`. Default: none. */
  readonly errorExtensions?: readonly string[];
  /** Tells subgraphs who is calling, signed. Without it they are not told. */
  readonly principal?: PrincipalTokenOptions | undefined;
  /** Other limits for single subgraphs, by name. Default: none. */
  readonly subgraphs?: Readonly<Record<string, Partial<SubgraphLimits>>>;
}

const DEFAULTS: SubgraphLimits = {
  timeout: 30_000,
  retries: 2,
  baseDelay: 50,
  maxDelay: 1_000,
  maxRetryAfter: 2_000,
  retryBudget: 0.2,
  concurrency: 200,
  queue: 1_000,
  connections: 200,
  connectTimeout: 5_000,
  keepAlive: 4_000,
  maxResponseBytes: 32 * 1024 * 1024,
  breakerWindow: 10_000,
  breakerMinimumCalls: 20,
  breakerErrorRate: 0.5,
  breakerSlowRate: 0.9,
  slowCall: 10_000,
  breakerOpenFor: 5_000,
  breakerProbes: 2,
};

/** The limits of a subgraph. Throws an `Error` that names the option and what it takes. */
export function limitsOf(options: UpstreamOptions, subgraph: string): SubgraphLimits {
  const limits: Record<keyof SubgraphLimits, number> = { ...DEFAULTS };
  for (const source of [options, options.subgraphs?.[subgraph] ?? {}]) {
    for (const name of Object.keys(DEFAULTS) as (keyof SubgraphLimits)[]) limits[name] = source[name] ?? limits[name];
  }
  for (const name of Object.keys(DEFAULTS) as (keyof SubgraphLimits)[]) check(name, limits[name]);
  return limits;
}

const SHARES: ReadonlySet<string> = new Set(['retryBudget', 'breakerErrorRate', 'breakerSlowRate']);
const FROM_ZERO: ReadonlySet<string> = new Set(['retries', 'queue', 'maxRetryAfter']);
/** `setTimeout` fires at once for anything longer. */
const LARGEST = 2 ** 31 - 1;

function check(name: keyof SubgraphLimits, value: number): void {
  if (SHARES.has(name)) {
    if (!(value >= 0 && value <= 1)) throw new Error(`useUpstream: ${name} is ${value}; it takes a share from 0 to 1`);
    return;
  }
  const least = FROM_ZERO.has(name) ? 0 : 1;
  if (!Number.isInteger(value) || value < least || value > LARGEST) {
    throw new Error(`useUpstream: ${name} is ${value}; it takes a whole number from ${least} to ${LARGEST}`);
  }
}
