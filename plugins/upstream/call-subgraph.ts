import type { Logger } from '@graphql-hive/gateway';
import { defaultPrintFn } from '@graphql-tools/executor-common';
import { OperationTypeNode } from 'graphql';
import type { ExecutionRequest, ExecutionResult } from '@graphql-tools/utils';
import { CALL_ACCOUNT, type CallAccount } from '../account/index.ts';
import { NOT_BEFORE, type GatehouseContext } from '../request-context.ts';
import { attemptsOf } from './attempt-span.ts';
import type { Exchange } from './exchange.ts';
import { CallFailed, toClientError } from './failure.ts';
import { headersFor, type HeaderSources } from './headers.ts';
import { callOverHttp, type GraphQLAnswer } from './http-call.ts';
import type { UpstreamMetrics } from './metrics.ts';
import type { CallInit } from './pooled-fetch.ts';
import { callGuarded, type Guard } from './resilient-call.ts';
import { sanitizeErrors } from './sanitize.ts';

/** The gateway's `fetch`: runs the plugins' `onFetch` hooks, which take the context and the info. */
export type ContextFetch = (url: string, init: CallInit, context?: unknown, info?: unknown) => Promise<Response>;

/** The same, which gives what it has exchanged itself where no plugin asks for a `Response`. */
export type HookedFetch = (...args: Parameters<ContextFetch>) => Promise<Response | Exchange>;

export interface CalledSubgraph {
  readonly name: string;
  readonly url: string;
  readonly guard: Guard;
  readonly sources: HeaderSources;
  readonly errorExtensions: readonly string[];
  /** For requests whose context has none. */
  readonly fetch: ContextFetch;
  /** In place of the context's; undefined when a plugin wraps that. */
  readonly hookedFetch: HookedFetch | undefined;
  readonly metrics: UpstreamMetrics | undefined;
  /** Made when it is asked for, which few calls are worth. */
  readonly logger: { readonly log: Pick<Logger, 'error' | 'debug'> };
}

type AccountedRequest = ExecutionRequest & { readonly [CALL_ACCOUNT]?: CallAccount };

/**
 * Sends a query or mutation, within all that guards its subgraph. Resolves with what a client may know of it.
 *
 * @param deadline on the clock of `performance.now`
 */
export async function callSubgraph(
  subgraph: CalledSubgraph,
  request: AccountedRequest,
  deadline: number,
): Promise<ExecutionResult> {
  const { name, url, guard, sources, errorExtensions, metrics } = subgraph;
  const { context = {}, operationType, operationName, variables, document, [CALL_ACCOUNT]: call } = request;
  const { fetch, account } = context as GatehouseContext & { readonly fetch?: ContextFetch };
  const send = fetch ? (subgraph.hookedFetch ?? fetch) : subgraph.fetch;
  const isRepeatable = operationType === OperationTypeNode.QUERY;
  const resolvers = account?.trace?.resolvers;
  const begin = attemptsOf(account?.trace, call, url);

  function once(signal: AbortSignal): Promise<GraphQLAnswer> {
    const attempt = begin();
    if (call) call.circuit = guard.breaker.state();
    const headers = headersFor(request, name, sources, attempt.traceparent);
    if (resolvers) headers[FEDERATED_TRACING] = 'ftv1';
    return attempt.ended(
      callOverHttp(
        {
          url,
          headers,
          query: defaultPrintFn(document),
          operationName,
          variables,
          signal,
          onStatus: (status) => void (attempt.status = status),
          transport: {
            pool: guard.pool,
            maxBytes: guard.limits.maxResponseBytes,
            isShareable: isRepeatable,
            notBefore: (request.extensions as { readonly [NOT_BEFORE]?: number } | undefined)?.[NOT_BEFORE],
          },
        },
        (to, init) => send(to, init, context, request.info),
      ),
    );
  }

  try {
    const answer = await callGuarded(guard, isRepeatable, deadline, clientSignal(request), once, (outcome, duration) =>
      metrics?.called(name, outcome, duration),
    );
    if (resolvers && call?.span) resolvers(call.span, name, answer.extensions?.['ftv1']);
    if (!answer.errors) return answer as unknown as ExecutionResult;
    return { ...answer, errors: sanitizeErrors(name, answer.errors, errorExtensions) } as ExecutionResult;
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error;
    if (call && error.kind === 'refused') call.refused = guard.breaker.state() === 'closed' ? 'busy' : 'circuit open';
    // Calls that were not made say nothing new: the log has why the breaker opened.
    const isNews = error.kind !== 'cancelled' && error.kind !== 'refused';
    subgraph.logger.log[isNews ? 'error' : 'debug']({ err: error, kind: error.kind }, `Call to "${name}" failed`);
    return { errors: [toClientError(name, error)] };
  }
}

/** https://www.apollographql.com/docs/federation/metrics: asks a subgraph for the timings of its fields. */
const FEDERATED_TRACING = 'apollo-federation-include-trace';

/** Aborts when the client has gone. */
function clientSignal({ context, signal }: ExecutionRequest): AbortSignal | undefined {
  return signal ?? (context as { request?: Request } | undefined)?.request?.signal;
}
