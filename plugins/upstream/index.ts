import type { GatewayPlugin } from '@graphql-hive/gateway';
import { fetch } from '@whatwg-node/fetch';
import type { ExecutionRequest, ExecutionResult } from '@graphql-tools/utils';
import { OperationTypeNode, type ExecutionArgs } from 'graphql';
import { CURRENT_HEADERS, type GatehouseContext } from '../request-context.ts';
import { callSubgraph, type CalledSubgraph, type HookedFetch } from './call-subgraph.ts';
import { subgraphGuards, type UpstreamStatus } from './guards.ts';
import { headersFor, sentBy } from './headers.ts';
import { callHooks, wrapsCalls, type CallHooks } from './hooks/call-hooks.ts';
import { hookedFetch } from './hooks/fetch-hooks.ts';
import { limitsOf, type UpstreamOptions } from './options.ts';
import { pooledFetch } from './pooled-fetch.ts';
import { principalSigner } from './principal-token.ts';
import { upstreamMetrics, type UpstreamMetrics } from './metrics.ts';
import { openSubscription } from './subscription.ts';

export type { UpstreamStatus } from './guards.ts';
export type { SubgraphLimits, UpstreamOptions } from './options.ts';
export type { PrincipalTokenOptions } from './principal-token.ts';

const DEFAULT_REQUEST_DEADLINE = 60_000;

interface UpstreamContext extends GatehouseContext {
  /** When all calls must have ended, on the clock of `performance.now`. */
  callDeadline?: number;
  lasts?: GatehouseContext['lasts'];
  sentUpstream?: GatehouseContext['sentUpstream'];
  callSubgraph?: GatehouseContext['callSubgraph'];
  readonly request?: Request;
}

/** What plugins do with calls, and with the requests that these make. */
interface Hooks {
  readonly calls: CallHooks;
  readonly fetch: HookedFetch;
}

export interface UpstreamPlugin extends GatewayPlugin {
  /** For each subgraph that was called. */
  status(): readonly UpstreamStatus[];
}

/**
 * Guards every call to a subgraph: a time limit for each and one for all of a request, retries of queries within a
 * budget, a circuit breaker and a concurrency limit for each subgraph, equal queries in flight made one; headers by
 * allow-list; and errors from which a client learns which subgraph failed and in which way, and nothing else. All of
 * it goes to the log.
 *
 * Throws an `Error` that names the option when one is wrong.
 */
export function useUpstream(options: UpstreamOptions = {}): UpstreamPlugin {
  const { requestDeadline = DEFAULT_REQUEST_DEADLINE, forwardHeaders = [], errorExtensions = [] } = options;
  const guards = subgraphGuards(options);
  let metrics: UpstreamMetrics | undefined;
  const signer = options.principal && principalSigner(options.principal);
  let plugins: readonly GatewayPlugin[] = [];
  let hooks: Hooks | undefined;
  const pooled = pooledFetch(fetch);
  // Wrong options are to stop the gateway when it starts, not when the subgraph is first called.
  for (const name of ['', ...Object.keys(options.subgraphs ?? {})]) limitsOf(options, name);

  function deadlineOf({ context }: ExecutionRequest): number {
    const owner: UpstreamContext = context ?? {};
    // Each of the calls of a subscription has its own time limit.
    if (owner.lasts) return Number.POSITIVE_INFINITY;
    return (owner.callDeadline ??= performance.now() + requestDeadline);
  }

  function begin({ args }: { readonly args: ExecutionArgs }): void {
    (args.contextValue as UpstreamContext).callSubgraph = hooks?.calls.call;
  }

  return {
    onPluginInit({ plugins: all }) {
      plugins = all as readonly GatewayPlugin[];
    },

    onYogaInit({ yoga }) {
      metrics ??= upstreamMetrics(guards.status);
      hooks = wrapsCalls(plugins)
        ? undefined
        : { calls: callHooks(plugins), fetch: hookedFetch(plugins, yoga.fetchAPI.fetch, pooled) };
    },

    onExecute: begin,

    onSubgraphExecute(payload) {
      const { subgraphName, transportEntry, executionRequest, executor, setExecutor } = payload;
      const url = transportEntry?.location;
      if (!url) return;
      hooks?.calls.learn(executionRequest, transportEntry);
      const sources = { configured: transportEntry.headers ?? [], forwarded: forwardHeaders, signer };
      const called: CalledSubgraph = {
        name: subgraphName,
        url,
        guard: guards.of(subgraphName),
        sources,
        errorExtensions,
        fetch: pooled,
        hookedFetch: hooks?.fetch,
        metrics,
        logger: payload,
      };

      async function call(request: ExecutionRequest): Promise<ExecutionResult> {
        try {
          return await callSubgraph(called, request, deadlineOf(request));
        } finally {
          guards.tellCircuit(subgraphName, payload);
        }
      }

      function subscribe(request: ExecutionRequest) {
        const current = () => headersFor(request, subgraphName, { ...sources, configured: [] });
        const extensions = { ...request.extensions, headers: current(), [CURRENT_HEADERS]: current };
        const sent = { ...request, extensions };
        return openSubscription(subgraphName, () => executor(sent), errorExtensions, payload.log);
      }

      setExecutor(
        (request) =>
          (request.operationType === OperationTypeNode.SUBSCRIPTION ? subscribe(request) : call(request)) as never,
      );
    },

    onSubscribe({ args }) {
      begin({ args });
      const context = args.contextValue as UpstreamContext;
      context.lasts = true;
      context.sentUpstream = sentBy(context.request, forwardHeaders, signer !== undefined);
    },

    onFetch({ fetchFn, setFetchFn }) {
      // Below all hooks, so that what any of them adds is part of what makes two calls equal.
      if (fetchFn === fetch) setFetchFn(pooled as never);
    },

    onDispose() {
      metrics?.close();
      return guards.close();
    },

    status: guards.status,
  };
}
