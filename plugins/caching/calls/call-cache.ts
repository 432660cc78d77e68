import { CACHING_HEADERS, type CachingHeaders } from '../../request-context.ts';
import type { CacheMetrics } from '../metrics.ts';
import { answerFreshness, type Freshness } from '../policy/answer-freshness.ts';
import type { CachePolicies, CachePolicy } from '../policy/cache-policy.ts';
import type { SchemaCaching } from '../schema-caching.ts';
import type { CacheStore, Lifetime } from '../store/index.ts';
import type { Said } from './call-plan.ts';
import type { LocatedError } from './entity-split.ts';
import type { Reading } from './reading.ts';

/** One operation on its way to a subgraph. */
export interface SubgraphCall {
  readonly schema: SchemaCaching;
  readonly subgraph: string;
  /** Of the subgraph's part of the supergraph. */
  readonly version: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly reading: Reading;
  send(variables: Readonly<Record<string, unknown>>): CallAnswer | Promise<CallAnswer>;
}

export interface CallAnswer {
  readonly data?: unknown;
  readonly errors?: readonly LocatedError[] | undefined;
  readonly [CACHING_HEADERS]?: CachingHeaders;
}

/** What the caches of calls share. */
export interface CallCaching {
  readonly store: CacheStore;
  readonly policies: CachePolicies;
  /** Names of client headers, in lower case. */
  readonly vary: readonly string[];
  /** s */
  readonly defaultMaxAge: number;
  readonly nullMaxAge: number;
  /** How something is kept that is fresh for so long (s). Undefined: not at all. */
  lifetimeOf(maxAge: number): Lifetime | undefined;
  metrics(): CacheMetrics;
  onRefreshFailed(error: unknown): void;
}

/** Whom an entry is for: everybody, or one caller. */
export type KeptFor = 'all' | 'caller';

/** Whether what is selected may be kept, and for whom, by hints and by what the last answer said. */
export function mayKeep(
  { maxAge, hasDefault, scope }: CachePolicy,
  said: Said,
  { defaultMaxAge }: CallCaching,
  { use, privateKey }: Reading,
): KeptFor | undefined {
  if (use === 'bypass' || maxAge === 0) return undefined;
  if (hasDefault && defaultMaxAge === 0 && said.headers === 'none') return undefined;
  if (scope === 'PUBLIC' && !said.isPrivate) return 'all';
  return privateKey === undefined ? undefined : 'caller';
}

/** What an answer says, noted for the next time that the same is asked. */
export function freshnessSaid(
  { vary }: Pick<CallCaching, 'vary'>,
  answer: CallAnswer,
  selections: Iterable<Said>,
): Freshness | undefined {
  const headers = answer[CACHING_HEADERS];
  // A call that failed says nothing.
  if (!headers) return undefined;
  const freshness = answerFreshness(headers, vary);
  for (const said of selections) {
    said.headers = freshness ? 'some' : 'none';
    said.isPrivate = freshness?.scope === 'PRIVATE';
  }
  return freshness;
}

/** Whether the call failed as a whole. */
export function hasFailed({ data, errors = [] }: CallAnswer): boolean {
  return (data === undefined || data === null) && errors.length > 0;
}
