import type { GatewayPlugin } from '@graphql-hive/gateway';
import { defaultPrintFn } from '@graphql-tools/executor-common';
import { isAsyncIterable, type ExecutionRequest, type ExecutionResult } from '@graphql-tools/utils';
import { GraphQLError, OperationTypeNode } from 'graphql';
import { noteResponse } from '../account/index.ts';
import { onGatewayServer } from '../cli/http-server.ts';
import { CURRENT_HEADERS, type GatehouseContext } from '../request-context.ts';
import { openFanOut, type FanOutStatus } from './fan-out/index.ts';
import { transportFor } from './http/accept.ts';
import { eventResponse } from './http/event-response.ts';
import { framingOf } from './http/framing.ts';
import { openStreams } from './http/open-streams.ts';
import { subscriptionMetrics, type SubscriptionMetrics } from './metrics.ts';
import { subscriptionsSettings, type SubscriptionsOptions } from './options.ts';
import { openSources, type Wanted } from './sources/index.ts';
import { upstreams } from './upstreams.ts';
import { topicOf } from './topics/index.ts';
import type { EventTopic, UpstreamStatus } from './upstream/upstream.ts';
import { webSocketUpstream } from './upstream/web-socket.ts';

export { callbackUpstream, type CallbackOptions } from './upstream/callback.ts';
export { topicUpstream, type TopicOptions } from './upstream/event-source.ts';
export { sharedUpstream, type SharedOptions } from './upstream/shared/index.ts';
export { serverSentEventsUpstream, type ServerSentEventsOptions } from './upstream/server-sent-events.ts';
export { webSocketUpstream, type WebSocketOptions } from './upstream/web-socket.ts';
export type { Upstream, UpstreamOperation, UpstreamSink } from './upstream/upstream.ts';
export type { SubscriptionsOptions } from './options.ts';

/** Over how long clients without a WebSocket are cut off when the gateway stops, in ms at most. */
const DRAIN_MS = 5_000;

export interface SubscriptionsPlugin extends GatewayPlugin {
  /** For operators. */
  status(): FanOutStatus & { readonly upstream: UpstreamStatus };
}

/**
 * Subscriptions: those that are the same share one at the subgraph, whatever they come over; events are filtered by
 * `@subscriptionFilter`, decided on again when a decision or a credential ends, and kept for slow clients up to a bound.
 * They outlast reloads of the schema and losses of the connection to a subgraph.
 *
 * Stands before `useUpstream`, which knows the headers that subgraphs get. Throws an `Error` that names the option when
 * one is wrong.
 */
export function useSubscriptions(options: SubscriptionsOptions = {}): SubscriptionsPlugin {
  const settings = subscriptionsSettings(options);
  const upstream = upstreams(options.upstream ?? webSocketUpstream(), options.subgraphs ?? {}, options.topics);
  const { handle } = upstream;
  const { log } = settings;
  const subscribed = new WeakSet<Request>();
  const streams = openStreams();
  let made: SubscriptionMetrics | undefined;
  const metrics = (): SubscriptionMetrics => (made ??= subscriptionMetrics());
  const sources = openSources({
    ...settings,
    open: upstream.open,
    onLost: (subgraph, reason, willRetryIn) =>
      log?.warn({ subgraph, reason, willRetryIn }, 'A subscription of a subgraph was lost'),
  });
  const fanOut = openFanOut(settings, sources, metrics);

  let stopWaiting: (() => void) | undefined;

  return {
    onYogaInit() {
      stopWaiting ??= onGatewayServer(({ beforeStop }) => beforeStop(() => streams.drain(DRAIN_MS)));
    },

    ...(handle && {
      async onRequest({ request, endResponse }) {
        const answer = await handle(request);
        if (answer) endResponse(answer);
      },
    }),

    onSchemaChange: ({ schema }) => fanOut.moveTo(schema),

    onSubscribe({ args, setSubscribeFn, subscribeFn, setResultAndStopExecution }) {
      const { request, socket } = args.contextValue as { readonly request?: Request; readonly socket?: unknown };
      if (!socket && request && !transportFor(request.headers.get('accept')))
        return setResultAndStopExecution({ errors: [notAcceptable()] });
      if (request) subscribed.add(request);
      setSubscribeFn((given) => fanOut.open(given) ?? subscribeFn(given));
    },

    onResultProcess({ request, result, setResultProcessor, serverContext }) {
      const transport =
        isAsyncIterable(result) && subscribed.has(request) ? transportFor(request.headers.get('accept')) : undefined;
      if (!transport) return;
      const framing = framingOf(transport);
      const { account } = serverContext as GatehouseContext;
      const onEvent = (event: ExecutionResult): void => {
        if (account) noteResponse(account, event);
      };
      setResultProcessor(
        (events, fetchAPI) => eventResponse(events as never, framing, streams, request.signal, fetchAPI, onEvent),
        framing.contentType,
      );
    },

    onSubgraphExecute({ subgraphName, transportEntry, executor, setExecutor }) {
      const url = transportEntry?.location;
      if (!url) return;
      async function subscribe(request: ExecutionRequest) {
        const attachment = await fanOut.attach(request.context, (schema) =>
          wantedBy(request, subgraphName, url ?? '', options.topics && topicOf(schema, request)),
        );
        if (!attachment) return executor(request);
        const ended = attachment.ended();
        if (ended?.kind === 'given up') throw new Error('the subgraph could not be reached');
        return ended?.kind === 'refused' ? { errors: ended.errors } : attachment;
      }
      setExecutor(
        (request) =>
          (request.operationType === OperationTypeNode.SUBSCRIPTION ? subscribe(request) : executor(request)) as never,
      );
    },

    async onDispose() {
      stopWaiting?.();
      fanOut.close();
      await upstream.close();
    },

    status: () => ({ ...fanOut.status(), upstream: upstream.status() }),
  };
}

function wantedBy(request: ExecutionRequest, subgraph: string, url: string, topic: EventTopic | undefined): Wanted {
  const { document, operationName, variables } = request;
  const { principal, sentUpstream } = (request.context ?? {}) as GatehouseContext;
  const extensions = (request.extensions ?? {}) as {
    readonly headers?: Record<string, string>;
    readonly [CURRENT_HEADERS]?: () => Record<string, string>;
  };
  const headersNow = (): Record<string, string> => extensions[CURRENT_HEADERS]?.() ?? extensions.headers ?? {};
  const query = defaultPrintFn(document);
  return {
    operation: () => ({ subgraph, url, query, operationName, variables, headers: headersNow(), topic }),
    identity: sentUpstream?.(principal) ?? JSON.stringify(extensions.headers ?? {}),
  };
}

function notAcceptable(): GraphQLError {
  return new GraphQLError(
    'A subscription needs Accept: text/event-stream, or multipart/mixed;subscriptionSpec=1.0, or a WebSocket.',
    { extensions: { code: 'NOT_ACCEPTABLE', http: { status: 406 } } },
  );
}
