import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { parse, type GraphQLSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { createYoga } from 'graphql-yoga';
import { WebSocketServer } from 'ws';
import { buildSubgraphSchema } from '../../../subgraphs/server/federation-schema.ts';
import { federated } from '../../harness/subgraph.ts';

export interface Price {
  readonly id: string;
  readonly amount: number;
  readonly tenant?: string;
  readonly secret?: string;
}

/** A subgraph with subscriptions over WebSocket and SSE, whose events a test publishes. */
export interface EventSubgraph extends AsyncDisposable {
  readonly name: string;
  readonly url: string;
  /** Subscriptions that are open now, by topic. */
  live(topic?: string): number;
  /** How many were ever opened. */
  opened(): number;
  /** How often it was asked for entities. */
  resolved(): number;
  publish(topic: string, price: Price): void;
  /** Ends every subscription of the topic as a subgraph does that has no more events. */
  complete(topic: string): void;
  /** Cuts every connection, WebSocket or HTTP. */
  cut(): void;
  /** Stops listening, and cuts every connection; `start` listens again. */
  stop(): Promise<void>;
  start(): Promise<void>;
  change(sdl: string): void;
}

export const PRICES = `
  type Query { price(id: ID!): Price }
  type Mutation { setPrice(id: ID!, amount: Int!): Price }
  type Subscription { priceChanged(topic: String! = "a"): Price failing: Price }
  type Price @key(fields: "id") { id: ID! amount: Int tenant: String secret: String }
`;

/** Apollo's "HTTP callback protocol for GraphQL Subscriptions", as a subgraph speaks it. */
interface CallbackPayload {
  readonly query: string;
  readonly extensions?: {
    readonly subscription?: {
      readonly callbackUrl: string;
      readonly subscriptionId: string;
      readonly verifier: string;
    };
  };
}

type Listener = { readonly topic: string; push(price: Price): void; end(): void };

export async function startEventSubgraph(name = 'prices', sdl = federated(PRICES)): Promise<EventSubgraph> {
  const listeners = new Set<Listener>();
  const connections = new Set<Socket>();
  let opened = 0;
  let resolved = 0;
  let port = 0;
  let said = sdl;

  function subscribe(topic: string): AsyncIterableIterator<Price> {
    const queue: Price[] = [];
    let wake: (() => void) | undefined;
    let isOver = false;
    const listener: Listener = {
      topic,
      push(price) {
        queue.push(price);
        wake?.();
      },
      end() {
        isOver = true;
        listeners.delete(listener);
        wake?.();
      },
    };
    opened++;
    listeners.add(listener);
    return {
      async next() {
        while (queue.length === 0 && !isOver) await new Promise<void>((resolve) => (wake = resolve));
        const value = queue.shift();
        return value === undefined ? { done: true, value: undefined } : { done: false, value };
      },
      async return() {
        listener.end();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  const resolvers = {
    Query: { price: (_: unknown, { id }: { id: string }) => ({ id, amount: 1 }) },
    Mutation: { setPrice: (_: unknown, price: Price) => price },
    Subscription: {
      priceChanged: {
        subscribe: (_: unknown, { topic = 'a' }: { topic?: string }) => subscribe(topic),
        resolve: (price: Price) => price,
      },
      failing: {
        subscribe: () => {
          throw new Error('a message for the log of the subgraph');
        },
      },
    },
    Price: {
      __resolveReference: ({ id }: Price) => {
        resolved++;
        return { id, amount: 1 };
      },
    },
  };
  const build = (): GraphQLSchema => buildSubgraphSchema({ typeDefs: parse(said), resolvers });
  let schema = build();

  const yoga = createYoga({ schema: () => schema, logging: false, graphiql: false, landingPage: false });
  const server = createServer((request: IncomingMessage, response) => {
    if (request.method !== 'POST') return void yoga(request, response);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      if (body.includes('_service')) {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ data: { _service: { sdl: said } } }));
        return;
      }
      const payload = JSON.parse(body) as CallbackPayload;
      if (payload.extensions?.subscription) return void callBack(payload, response);
      Object.assign(request, { body: payload });
      void yoga(request, response);
    });
  });
  server.on('connection', (socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) =>
    sockets.handleUpgrade(request, socket, head, (webSocket) => sockets.emit('connection', webSocket, request)),
  );
  useServer({ schema: () => schema }, sockets);

  /** Of topic `a`: `amount` alone. */
  async function callBack({ extensions }: CallbackPayload, response: ServerResponse): Promise<void> {
    const { callbackUrl = '', subscriptionId: id, verifier } = extensions?.subscription ?? {};
    const tell = (message: object): Promise<Response> =>
      fetch(callbackUrl, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ kind: 'subscription', id, verifier, ...message }),
      });
    await tell({ action: 'check' });
    response.setHeader('subscription-protocol', 'callback/1.0');
    response.setHeader('content-type', 'application/json');
    response.end('{"data":null}');
    const events = subscribe('a');
    for await (const { amount } of events) {
      const { status } = await tell({ action: 'next', payload: { data: { priceChanged: { amount } } } });
      if (status === 404) return void events.return?.();
    }
    await tell({ action: 'complete' });
  }

  async function start(): Promise<void> {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  }

  function cut(): void {
    for (const socket of connections) socket.destroy();
  }

  async function stop(): Promise<void> {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    cut();
    await closed;
  }

  const of = (topic: string): Listener[] => [...listeners].filter((one) => one.topic === topic);

  await start();
  return {
    name,
    url: `http://127.0.0.1:${port}/graphql`,
    live: (topic) => (topic === undefined ? listeners.size : of(topic).length),
    opened: () => opened,
    resolved: () => resolved,
    publish: (topic, price) => of(topic).forEach((one) => one.push(price)),
    complete: (topic) => of(topic).forEach((one) => one.end()),
    cut,
    stop,
    start,
    change(next) {
      said = next;
      schema = build();
    },
    [Symbol.asyncDispose]: stop,
  };
}
