import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { runCommand } from '../../harness/command.ts';
import { HASH_SECRET } from '../../authentication/api-key/keys.ts';
import { providerEnvironment } from '../../authentication/gateway/environment.ts';
import { startGateway, type TestGateway } from '../../harness/gateway.ts';
import { startIdentityProvider, type IdentityProvider } from '../../harness/identity-provider.ts';
import { freePort, startRedis, type RedisServer } from '../../harness/redis.ts';
import { federated } from '../../harness/subgraph.ts';
import { until } from '../../harness/until.ts';
import { PRICES, startEventSubgraph, type EventSubgraph } from './event-subgraph.ts';
import { openClient, type Headers, type OpenClient, type Transport } from './transports.ts';

const CONFIG = new URL('gateway.config.ts', import.meta.url).pathname;
const SUBSCRIPTION = 'subscription { priceChanged { id secret } }';
const TRANSPORTS: readonly Transport[] = ['ws', 'sse', 'multipart'];

let redis: RedisServer;
let provider: IdentityProvider;
let prices: EventSubgraph;
let gateway: TestGateway;
let adminPort: number;
let env: Record<string, string>;

beforeAll(async () => {
  [redis, provider, prices, adminPort] = await Promise.all([
    startRedis(),
    startIdentityProvider(),
    startEventSubgraph(),
    freePort(),
  ]);
  env = {
    ...providerEnvironment(provider),
    API_KEY_SECRET: HASH_SECRET,
    REDIS_URL: redis.url,
    SERVER: JSON.stringify({ keepAlive: 300, keepAliveTimeout: 300 }),
    SUBSCRIPTIONS: JSON.stringify({ retries: 2, retryDelay: 20, maxRetryDelay: 20, reloadJitter: 20 }),
  };
  gateway = await start(String(adminPort));
});

function start(port: string): Promise<TestGateway> {
  return startGateway({ subgraphs: [prices], config: CONFIG, env: { ...env, ADMIN_PORT: port } });
}

afterAll(async () => {
  await Promise.all([gateway, provider, prices].map((server) => server?.[Symbol.asyncDispose]()));
  await redis?.close();
});

async function counts(): Promise<unknown> {
  const { server, subscriptions } = (await (await fetch(`http://127.0.0.1:${adminPort}/status`)).json()) as {
    server: { webSockets: object };
    subscriptions: { upstream: { subscriptions: number } };
  };
  const { upstream, ...counted } = subscriptions;
  return { ...server.webSockets, ...counted, upstream: upstream.subscriptions };
}

const NOTHING = { connections: 0, operations: 0, subscriptions: 0, channels: 0, sources: 0, callers: 0, upstream: 0 };

afterEach(async () => {
  await until('nothing to be left', async () => JSON.stringify(await counts()) === JSON.stringify(NOTHING)).catch(
    async () => expect(await counts()).toEqual(NOTHING),
  );
  expect(prices.live()).toBe(0);
});

/** A client over each transport, each with an event. */
async function subscribed(headers: Headers = {}): Promise<readonly OpenClient[]> {
  const clients = TRANSPORTS.map((transport) => openClient(transport, gateway.url, SUBSCRIPTION, headers));
  await until('an event at all', () => {
    prices.publish('a', { id: '1', amount: 1, secret: 'one' });
    return clients.every(({ events }) => events.length > 0);
  });
  expect(prices.live()).toBe(1);
  return clients;
}

async function released(): Promise<void> {
  await until('the subscription of the subgraph to be released', () => prices.live() === 0);
}

/** @param ends what tells the clients of it, over WebSocket and over HTTP */
async function ended(clients: readonly OpenClient[], ends: Readonly<Record<'ws' | 'http', readonly string[]>>) {
  const expected = TRANSPORTS.map((transport) => (transport === 'ws' ? ends.ws : ends.http));
  await until('all ends', () => clients.every((client, index) => client.ends.length >= (expected[index]?.length ?? 0)));
  expect(clients.map((client) => client.ends)).toEqual(expected);
  for (const client of clients) client.close();
  await released();
}

const UNAUTHENTICATED = {
  ws: ['error UNAUTHENTICATED', 'closed 4401'],
  http: ['error UNAUTHENTICATED', 'complete'],
};

describe('over WebSocket, SSE and multipart, the subscription of the subgraph is released, and nothing is left, when', () => {
  test.each(['stop', 'close', 'reset'] as const)('the clients %s', async (how) => {
    const clients = await subscribed();
    for (const client of clients) client[how]();
    await released();
    for (const client of clients) client.close();
  });

  test('the token runs out, which the clients are told', async () => {
    const token = await provider.sign({ sub: 'ada', exp: Math.floor(Date.now() / 1000) + 3 });
    await ended(await subscribed({ authorization: `Bearer ${token}` }), UNAUTHENTICATED);
  });

  test('their token is revoked at the authorization server, within a second', async () => {
    const token = await provider.opaque();
    const clients = await subscribed({ authorization: `Bearer ${token}` });
    await provider.revoke(token);
    const revokedAt = performance.now();
    await until('the ends', () => clients.every(({ ends }) => ends.length === 2));
    expect(performance.now() - revokedAt).toBeLessThan(1_000);
    await ended(clients, UNAUTHENTICATED);
  });

  test('their API key is revoked, within a second', async () => {
    const { stdout } = await runCommand('keys', ['create', '--name', 'a key'], env);
    const key = stdout.trim();
    const clients = await subscribed({ 'x-api-key': key });
    await runCommand('keys', ['revoke', key.split('_')[1] ?? ''], env);
    const revokedAt = performance.now();
    await until('the ends', () => clients.every(({ ends }) => ends.length === 2));
    expect(performance.now() - revokedAt).toBeLessThan(1_000);
    await ended(clients, UNAUTHENTICATED);
  });

  test('the subgraph has no more events, which the clients are told', async () => {
    const clients = await subscribed();
    prices.complete('a');
    await ended(clients, { ws: ['complete'], http: ['complete'] });
  });

  test('the subgraph does not come back, which the clients are told', async () => {
    const clients = await subscribed();
    await prices.stop();
    const error = 'error SUBGRAPH_UNAVAILABLE';
    await ended(clients, { ws: [error], http: [error, 'complete'] });
    await prices.start();
  });

  test('the schema has it no more, which the clients are told', async () => {
    const clients = await subscribed();
    prices.change(federated(PRICES.replace('secret: String', '')));
    const error = 'error SUBSCRIPTION_SCHEMA_RELOAD';
    await ended(clients, { ws: [error], http: [error, 'complete'] });
    const { version } = (await gateway.health()).supergraph;
    prices.change(federated(PRICES));
    await until('the schema as it was', async () => (await gateway.health()).supergraph.version !== version);
  });
});

test('when the gateway stops, clients are told to come back, whatever they came over, and it ends in time', async () => {
  const clients = await subscribed();
  const stopped = gateway.stop();
  await until('all ends', () => clients.every(({ ends }) => ends.length === 1));
  expect(clients.map(({ ends }) => ends)).toEqual([['closed 1001'], ['cut'], ['cut']]);
  expect(await stopped).toBe(0);
  await released();
  adminPort = await freePort();
  gateway = await start(String(adminPort));
});
