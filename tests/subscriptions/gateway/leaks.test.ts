import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { providerEnvironment } from '../../authentication/gateway/environment.ts';
import { startGateway, type TestGateway } from '../../harness/gateway.ts';
import { startIdentityProvider, type IdentityProvider } from '../../harness/identity-provider.ts';
import { freePort } from '../../harness/redis.ts';
import { until } from '../../harness/until.ts';
import { startEventSubgraph, type EventSubgraph } from './event-subgraph.ts';
import { openClient, type Transport } from './transports.ts';

const CONFIG = new URL('gateway.config.ts', import.meta.url).pathname;
/** The whole of it: LEAK_CONNECTS=20000. */
const CONNECTS = Number(process.env.LEAK_CONNECTS ?? 420);
const AT_ONCE = 20;
const SUBSCRIPTION = 'subscription { priceChanged { id amount } }';

let provider: IdentityProvider;
let prices: EventSubgraph;
let gateway: TestGateway;
let admin: string;
let authorization: string;

beforeAll(async () => {
  const port = await freePort();
  [provider, prices] = await Promise.all([startIdentityProvider(), startEventSubgraph()]);
  authorization = `Bearer ${await provider.sign({ sub: 'ada' })}`;
  admin = `http://127.0.0.1:${port}`;
  gateway = await startGateway({
    subgraphs: [prices],
    config: CONFIG,
    env: {
      ...providerEnvironment(provider),
      ADMIN_PORT: String(port),
      NODE_OPTIONS: '--expose-gc',
      SERVER: JSON.stringify({ maxConnections: { principal: 1_000 } }),
    },
  });
});

afterAll(async () => {
  await Promise.all([gateway, prices, provider].map((server) => server?.[Symbol.asyncDispose]()));
});

/** A socket on which something is said, until the gateway or the client ends it. */
async function socketThatSays(messages: readonly string[], end: (socket: WebSocket) => void): Promise<void> {
  const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  socket.on('error', () => {});
  const closed = once(socket, 'close');
  await once(socket, 'open');
  for (const message of messages) socket.send(message);
  end(socket);
  await closed;
}

function subscribe(transport: Transport, how: 'stop' | 'close' | 'reset'): () => Promise<void> {
  return async () => {
    const client = openClient(transport, gateway.url, SUBSCRIPTION, { authorization });
    await until('an event', () => client.events.length > 0);
    client[how]();
    client.close();
  };
}

const rawSocket = (socket: WebSocket): Socket => (socket as unknown as { _socket: Socket })._socket;
const INIT = '{"type":"connection_init"}';

/** Every way to come and go. */
const WAYS: readonly (() => Promise<void>)[] = [
  subscribe('ws', 'stop'),
  subscribe('ws', 'close'),
  subscribe('ws', 'reset'),
  subscribe('sse', 'close'),
  subscribe('sse', 'reset'),
  subscribe('multipart', 'close'),
  () => socketThatSays([], (socket) => socket.close()),
  () => socketThatSays([INIT], (socket) => rawSocket(socket).resetAndDestroy()),
  () => socketThatSays(['not the protocol'], () => {}),
  () => socketThatSays([INIT, INIT], () => {}),
  () => socketThatSays(['{"type":"subscribe","id":"1","payload":{"query":"{ nothing }"}}'], () => {}),
  // Gone while it is being opened.
  () =>
    socketThatSays([INIT, JSON.stringify({ type: 'subscribe', id: '1', payload: { query: SUBSCRIPTION } })], (socket) =>
      setImmediate(() => socket.terminate()),
    ),
  async () => {
    const client = openClient('sse', gateway.url, SUBSCRIPTION, { authorization });
    await new Promise((resolve) => setImmediate(resolve));
    client.close();
  },
  async () => {
    const response = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ query: SUBSCRIPTION }),
    });
    await response.text();
  },
];

async function comeAndGo(times: number): Promise<void> {
  const publishing = setInterval(() => prices.publish('a', { id: '1', amount: 1 }), 5);
  try {
    for (let begun = 0; begun < times; begun += AT_ONCE) {
      await Promise.all(Array.from({ length: AT_ONCE }, async (_, index) => WAYS[(begun + index) % WAYS.length]?.()));
    }
  } finally {
    clearInterval(publishing);
  }
  await until('the subscriptions of the subgraph to be released', () => prices.live() === 0);
  await until('nobody to be left', async () => {
    const { server, subscriptions } = await page<Status>('/status');
    return server.webSockets.connections === 0 && subscriptions.subscriptions === 0;
  });
}

interface Status {
  readonly server: { readonly webSockets: { readonly connections: number } };
  readonly subscriptions: { readonly subscriptions: number };
}

async function page<Body>(path: string): Promise<Body> {
  return (await (await fetch(admin + path)).json()) as Body;
}

interface Memory {
  readonly heapUsed: number;
  readonly handles: number;
}

test(
  `after ${CONNECTS} connections of every kind, the heap and the handles are as before`,
  { timeout: 60_000 + CONNECTS * 30 },
  async () => {
    // What is made once is made, and what is compiled is compiled.
    await comeAndGo(Math.max(210, CONNECTS / 10));
    const before = await page<Memory>('/memory');
    await comeAndGo(CONNECTS);
    const isBack = ({ heapUsed, handles }: Memory): boolean =>
      heapUsed <= before.heapUsed * 1.05 && handles <= before.handles * 1.05;
    const after = await until('all to be given back', async () => {
      const memory = await page<Memory>('/memory');
      return isBack(memory) && memory;
    }).catch(() => page<Memory>('/memory'));
    expect({ before, after, isBack: isBack(after) }).toEqual({ before, after, isBack: true });
    if (process.env.LEAK_CONNECTS) process.stderr.write(`${JSON.stringify({ connects: CONNECTS, before, after })}\n`);
  },
);
