import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { buildSchema, GraphQLError, type GraphQLSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { createYoga } from 'graphql-yoga';
import { WebSocketServer, type WebSocket } from 'ws';
import { createTopics } from '../../../subgraphs/server/topics.ts';

/** How a socket is treated at its `connection_init`; undefined: as usual. */
export type OnInit = (socket: WebSocket) => void;

/** A subgraph whose subscriptions are in the test's hand, over WebSocket and server-sent events. */
export interface LiveSubgraph extends AsyncDisposable {
  readonly url: string;
  /** The requests that opened WebSockets, and the payloads of their `connection_init`. */
  readonly upgrades: { readonly headers: IncomingMessage['headers']; readonly path: string; params?: unknown }[];
  /** The payloads of `subscribe`. */
  readonly asked: unknown[];
  /** The WebSockets that are open. */
  readonly sockets: ReadonlySet<WebSocket>;
  /** The connections that are open, whatever they are for. */
  readonly connections: ReadonlySet<Socket>;
  say(topic: string, text: string): void;
  /** Ends the subscriptions to a topic. */
  finish(topic: string): void;
  listeners(topic: string): number;
  onInit(does: OnInit | undefined): void;
  /** Drops every connection and listens no more. */
  stop(): Promise<void>;
}

const SDL = /* GraphQL */ `
  type Query {
    ok: Boolean
  }
  type Subscription {
    said(topic: String!): String
    forbidden: String
  }
`;

/** Long enough that a socket without `connection_ack` is not closed from this side. */
const NEVER = 60_000;

export async function startLiveSubgraph(): Promise<LiveSubgraph> {
  const topics = createTopics<{ said: string | undefined }>();
  const upgrades: LiveSubgraph['upgrades'] = [];
  const asked: unknown[] = [];
  const connections = new Set<Socket>();
  let onInit: OnInit | undefined;

  const schema = schemaOver((topic) => endable(topics.subscribe(topic)));
  const yoga = createYoga({ schema, logging: false, maskedErrors: false });
  const server = createServer((request, response) => void yoga(request, response));
  server.on('connection', (socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  const webSockets = new WebSocketServer({ server });
  useServer(
    {
      schema,
      connectionInitWaitTimeout: NEVER,
      onConnect({ connectionParams, extra: { request, socket } }) {
        upgrades.push({ headers: request.headers, path: request.url ?? '', params: connectionParams });
        if (!onInit) return true;
        onInit(socket);
        return new Promise<never>(() => {});
      },
      onSubscribe(_, __, payload) {
        asked.push(payload);
      },
    },
    webSockets,
    NEVER,
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  async function stop(): Promise<void> {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of connections) socket.destroy();
    await closed;
    webSockets.close();
  }

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    upgrades,
    asked,
    sockets: webSockets.clients,
    connections,
    say: (topic, said) => topics.publish(topic, { said }),
    finish: (topic) => topics.publish(topic, { said: undefined }),
    listeners: (topic) => topics.subscribers(topic),
    onInit(does) {
      onInit = does;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

type Events = AsyncGenerator<{ said: string | undefined }, void, undefined>;

/** Ends at the first event without a text. Not a generator function: its `return()` would wait for the next event. */
function endable(events: Events): AsyncIterableIterator<{ said: string }> {
  return {
    async next() {
      const { value, done } = await events.next();
      if (!done && value.said !== undefined) return { done: false, value: { said: value.said } };
      await events.return();
      return { done: true, value: undefined };
    },
    async return() {
      await events.return();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function schemaOver(subscribe: (topic: string) => AsyncIterableIterator<unknown>): GraphQLSchema {
  const schema = buildSchema(SDL);
  const { said, forbidden } = schema.getSubscriptionType()?.getFields() ?? {};
  if (!said || !forbidden) throw new Error('the schema has changed');
  said.subscribe = (_, { topic }: { topic: string }) => subscribe(topic);
  forbidden.subscribe = () => {
    throw new GraphQLError('Not for you', { extensions: { code: 'FORBIDDEN' } });
  };
  return schema;
}
