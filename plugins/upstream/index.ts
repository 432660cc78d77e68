import type { GatewayPlugin } from '@graphql-hive/gateway';
import { defaultPrintFn } from '@graphql-tools/executor-common';
import { fetch } from '@whatwg-node/fetch';
import type { ExecutionRequest, ExecutionResult } from '@graphql-tools/utils';
import { OperationTypeNode } from 'graphql';
import { CURRENT_HEADERS, NOT_BEFORE, type GatehouseContext } from '../request-context.ts';
import { CallFailed, toClientError } from './failure.ts';
import { subgraphGuards, type UpstreamStatus } from './guards.ts';
import { headersFor, sentBy } from './headers.ts';
import { callOverHttp } from './http-call.ts';
import { limitsOf, type UpstreamOptions } from './options.ts';
import { pooledFetch, type CallInit } from './pooled-fetch.ts';
import { principalSigner } from './principal-token.ts';
import { callGuarded } from './resilient-call.ts';
import { sanitizeErrors } from './sanitize.ts';
import { timed, upstreamMetrics, type UpstreamMetrics } from './metrics.ts';
import { openSubscription } from './subscription.ts';

export type { UpstreamStatus } from './guards.ts';
export type { SubgraphLimits, UpstreamOptions } from './options.ts';
export type { PrincipalTokenOptions } from './principal-token.ts';

/** The gateway's `fetch`: runs the plugins' `onFetch` hooks, which take the context and the info. */
type ContextFetch = (url: string, init: CallInit, context?: unknown, info?: unknown) => Promise<Response>;

const DEFAULT_REQUEST_DEADLINE = 60_000;

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
  const deadlines = new WeakMap<object, number>();
  const pooled = pooledFetch(fetch);
  // Wrong options are to stop the gateway when it starts, not when the subgraph is first called.
  for (const name of ['', ...Object.keys(options.subgraphs ?? {})]) limitsOf(options, name);

  /** When the calls of a request must have ended, on the clock of `performance.now`. */
  function deadlineOf({ context }: ExecutionRequest): number {
    const owner: GatehouseContext = context ?? {};
    // Each of the calls of a subscription has its own time limit.
    if (owner.lasts) return Number.POSITIVE_INFINITY;
    const deadline = deadlines.get(owner) ?? performance.now() + requestDeadline;
    deadlines.set(owner, deadline);
    return deadline;
  }

  return {
    onYogaInit() {
      metrics ??= upstreamMetrics(guards.status);
    },

    onSubgraphExecute({ subgraphName, transportEntry, executor, setExecutor, log }) {
      const url = transportEntry?.location;
      if (!url) return;
      const guard = guards.of(subgraphName);
      const sources = { configured: transportEntry.headers ?? [], forwarded: forwardHeaders, signer };

      async function call(request: ExecutionRequest): Promise<ExecutionResult> {
        const { context, operationType, operationName, variables, document } = request;
        const { fetch: send = pooled } = (context ?? {}) as { fetch?: ContextFetch };
        const isRepeatable = operationType === OperationTypeNode.QUERY;
        try {
          const answer = await callGuarded(guard, isRepeatable, deadlineOf(request), clientSignal(request), (signal) =>
            timed(metrics, subgraphName, () =>
              callOverHttp(
                {
                  url: url ?? '',
                  headers: headersFor(request, subgraphName, sources),
                  query: defaultPrintFn(document),
                  operationName,
                  variables,
                  signal,
                  transport: {
                    pool: guard.pool,
                    maxBytes: guard.limits.maxResponseBytes,
                    isShareable: isRepeatable,
                    notBefore: (request.extensions as { readonly [NOT_BEFORE]?: number } | undefined)?.[NOT_BEFORE],
                  },
                },
                (to, init) => send(to, init, context, request.info),
              ),
            ),
          );
          if (!answer.errors) return answer as unknown as ExecutionResult;
          return { ...answer, errors: sanitizeErrors(subgraphName, answer.errors, errorExtensions) } as ExecutionResult;
        } catch (error) {
          if (!(error instanceof CallFailed)) throw error;
          // Calls that were not made say nothing new: the log has why the breaker opened.
          const isNews = error.kind !== 'cancelled' && error.kind !== 'refused';
          log[isNews ? 'error' : 'debug']({ err: error, kind: error.kind }, `Call to "${subgraphName}" failed`);
          return { errors: [toClientError(subgraphName, error)] };
        } finally {
          guards.tellCircuit(subgraphName, log);
        }
      }

      function subscribe(request: ExecutionRequest) {
        const current = () => headersFor(request, subgraphName, { ...sources, configured: [] });
        const extensions = { ...request.extensions, headers: current(), [CURRENT_HEADERS]: current };
        const sent = { ...request, extensions };
        return openSubscription(subgraphName, () => executor(sent), errorExtensions, log);
      }

      setExecutor(
        (request) =>
          (request.operationType === OperationTypeNode.SUBSCRIPTION ? subscribe(request) : call(request)) as never,
      );
    },

    onSubscribe({ args }) {
      const context = args.contextValue as {
        lasts?: GatehouseContext['lasts'];
        sentUpstream?: GatehouseContext['sentUpstream'];
        readonly request?: Request;
      };
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

/** Aborts when the client has gone. */
function clientSignal({ context, signal }: ExecutionRequest): AbortSignal | undefined {
  return signal ?? (context as { request?: Request } | undefined)?.request?.signal;
}
