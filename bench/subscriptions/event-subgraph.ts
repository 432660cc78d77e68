import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { buildSubgraphSchema } from '../../subgraphs/server/federation-schema.ts';
import { federated } from '../../tests/harness/subgraph.ts';
import { obey } from './child.ts';
import { now, PROBE_AT, SDL, topicName } from './quotes.ts';

// A subgraph whose events the bench publishes.

export type SubgraphCommand =
  | { readonly do: 'listen' | 'count' }
  /** One event on each topic. */
  | { readonly do: 'publish'; readonly topics: number; readonly isProbe?: boolean }
  /** Events on one topic after the other. */
  | { readonly do: 'pace'; readonly topics: number; readonly events: number; readonly perSecond: number };

export interface SubgraphCount {
  readonly subscriptions: number;
  readonly connections: number;
}

interface Quote {
  readonly id: string;
  readonly at: number;
  readonly symbol: string;
  readonly price: number;
  readonly note: string;
}

/** ms between two looks at which events are due. */
const STEP = 5;
/** Makes the response to an event about 300 bytes. */
const NOTE = 'What somebody has to say about it. '.repeat(5).trim();

type Listener = (quote: Quote) => void;

const listeners = new Map<string, Set<Listener>>();
let subscriptions = 0;
let published = 0;

function subscribe(topic: string): AsyncIterableIterator<Quote> {
  const waiting: Quote[] = [];
  let wake: (() => void) | undefined;
  let isOver = false;
  const listener: Listener = (quote) => {
    waiting.push(quote);
    wake?.();
  };
  const ofTopic = listeners.get(topic) ?? new Set();
  listeners.set(topic, ofTopic.add(listener));
  subscriptions++;
  return {
    async next() {
      while (waiting.length === 0 && !isOver) await new Promise<void>((resolve) => (wake = resolve));
      const value = waiting.shift();
      return value && !isOver ? { done: false, value } : { done: true, value: undefined };
    },
    async return() {
      if (ofTopic.delete(listener)) subscriptions--;
      isOver = true;
      wake?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function publish(topic: number, at: number): void {
  const name = topicName(topic);
  const quote = { id: String(++published), at, symbol: name, price: 100 + (published % 100) / 4, note: NOTE };
  for (const listener of listeners.get(name) ?? []) listener(quote);
}

async function pace({ topics, events, perSecond }: Extract<SubgraphCommand, { do: 'pace' }>): Promise<void> {
  const begun = performance.now();
  for (let sent = 0; sent < events;) {
    const due = Math.min(events, Math.floor(((performance.now() - begun) / 1_000) * perSecond));
    for (; sent < due; sent++) publish(sent % topics, now());
    await sleep(STEP);
  }
}

const sdl = federated(SDL);
const resolvers = {
  Subscription: {
    quoteChanged: {
      subscribe: (_: unknown, { topic }: { topic: string }) => subscribe(topic),
      resolve: (quote: Quote) => quote,
    },
  },
};
const server = createServer((request, response) => {
  void text(request).then((body) => {
    const data = body.includes('_service') ? { _service: { sdl } } : { __typename: 'Query' };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ data }));
  });
});
const sockets = new WebSocketServer({ server });
useServer({ schema: buildSubgraphSchema({ typeDefs: parse(sdl), resolvers }) }, sockets);

obey(async (command: SubgraphCommand) => {
  switch (command.do) {
    case 'listen': {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
    }
    case 'count':
      return { subscriptions, connections: sockets.clients.size } satisfies SubgraphCount;
    case 'publish': {
      const at = command.isProbe ? PROBE_AT : now();
      for (let topic = 0; topic < command.topics; topic++) publish(topic, at);
      return undefined;
    }
    case 'pace':
      return pace(command);
  }
});
