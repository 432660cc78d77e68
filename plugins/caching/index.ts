import type { GatewayPlugin } from '@graphql-hive/gateway';
import type { GatehouseContext } from '../request-context.ts';
import { subgraphCalls } from './calls/subgraph-calls.ts';
import { invalidator, type Invalidate } from './invalidation/index.ts';
import { answerCacheWebhook } from './invalidation/webhook.ts';
import { cacheMetrics, type CacheCounts, type CacheMetrics } from './metrics.ts';
import { isAnyone, operationCaching } from './operation-caching.ts';
import { checkOptions, type CachingOptions } from './options.ts';
import { cachePolicies } from './policy/cache-policy.ts';
import { responseCache } from './responses/response-cache.ts';
import { withCacheHeaders } from './responses/response-headers.ts';
import { createCacheStore, type CacheStatus, type Lifetime } from './store/index.ts';
import { storeEvents } from './store-events.ts';

export { cachingFromEnvironment, type CachingOptions } from './options.ts';
export type { CacheHint, CacheHints } from './policy/hints.ts';
export type { CacheStatus, Invalidated } from './store/index.ts';
export type { Invalidation } from './tags/tag.ts';

export interface CachingPlugin extends GatewayPlugin {
  /** For other plugins. Never rejects; what could not be delivered to other gateways is tried again until it is. */
  readonly invalidate: Invalidate;
  /** For operators. */
  status(): CacheStatus & { readonly requests: CacheCounts };
}

const WEBHOOK = '/webhooks/cache';

/**
 * Keeps whole responses, and entities and root fields of subgraphs, in memory and in Redis, for as long as
 * `@cacheControl`, subgraphs' `Cache-Control` headers and hints say; and takes out what is invalidated. To come after
 * `useAuthorization`, and after `useUpstream`, whose calls it saves.
 *
 * Throws an `Error` that names the option when one is wrong.
 */
export function useCaching(options: CachingOptions): CachingPlugin {
  checkOptions(options);
  const { defaultMaxAge = 0, nullMaxAge = 0, staleWhileRevalidate = 0, staleIfError = 0, webhooks, log } = options;
  let made: CacheMetrics | undefined;
  const metrics = (): CacheMetrics => (made ??= cacheMetrics());
  const onEvent = storeEvents(log);
  const store = createCacheStore({ ...options, shared: options.store, timeoutMs: options.timeout, onEvent });

  function lifetimeOf(maxAge: number): Lifetime | undefined {
    const ttlMs = Math.floor(maxAge * 1000);
    if (!(ttlMs > 0)) return undefined;
    const [staleWhileRevalidateMs, staleIfErrorMs] = [staleWhileRevalidate, staleIfError].map((s) =>
      Math.floor(s * 1000),
    );
    return { ttlMs: Math.min(ttlMs, MAX_TTL_MS), staleWhileRevalidateMs, staleIfErrorMs };
  }

  const vary = (options.vary ?? []).map((name) => name.toLowerCase());
  const caching = {
    store,
    vary,
    defaultMaxAge,
    nullMaxAge,
    lifetimeOf,
    metrics,
    policies: cachePolicies(options.hints ?? {}),
    onRefreshFailed: (error: unknown) => onEvent({ type: 'refresh failed', error }),
  };
  const invalidate = invalidator(store, metrics);
  const call = subgraphCalls(caching);
  const operations = operationCaching({ ...options, vary, cache: responseCache(caching), invalidate, metrics });

  return {
    invalidate,
    status: () => ({ ...store.status(), requests: metrics().counts() }),

    onRequest({ url, request, endResponse }) {
      if (!webhooks || url.pathname !== WEBHOOK) return undefined;
      return answerCacheWebhook(request, webhooks, invalidate, log).then(endResponse);
    },

    onExecute({ args, executeFn, setExecuteFn, setResultAndStopExecution }) {
      const course = operations.courseOf(args, executeFn as never);
      if (course?.kind === 'answered') setResultAndStopExecution(course.result);
      else if (course) setExecuteFn(course.execute as never);
    },

    onSubgraphExecute({ subgraphName, executionRequest, executor, setExecutor }) {
      const reading = operations.readingOf(executionRequest.context);
      if (reading) setExecutor((request) => call(subgraphName, request, reading, executor) as never);
    },

    onResponse({ request, serverContext, response, setResponse, fetchAPI }) {
      const outcomes = operations.outcomesOf(request);
      if (outcomes.length === 0) return;
      const isForAll = isAnyone(serverContext as GatehouseContext, request);
      const known = withCacheHeaders(request, response, outcomes, isForAll, vary);
      if (known) setResponse(new fetchAPI.Response(null, { status: 304, headers: known }));
    },

    onDispose: () => store.close(),
  };
}

/** A year (RFC 9111, section 1.2.2, lets a cache bound what it is told). */
const MAX_TTL_MS = 365 * 24 * 60 * 60 * 1000;
