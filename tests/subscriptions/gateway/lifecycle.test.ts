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

async function subscribed(transport: Transport, headers: Headers = {}): Promise<OpenClient> {
  const client = openClient(transport, gateway.url, SUBSCRIPTION, headers);
  await until('the subscription', () => prices.live() === 1);
  prices.publish('a', { id: '1', amount: 1, secret: 'one' });
  await until('an event', () => client.events.length === 1);
  return client;
}

async function released(): Promise<void> {
  await until('the subscription of the subgraph to be released', () => prices.live() === 0);
}

async function ended(client: OpenClient, ends: readonly string[]): Promise<void> {
  await until('the end', () => client.ends.length >= ends.length);
  expect(client.ends).toEqual(ends);
  client.close();
  await released();
}

describe.each(TRANSPORTS)(
  'over %s, a subscription of the subgraph is released, and nothing is left, when',
  (transport) => {
    const isSocket = transport === 'ws';

    test('the client stops it', async () => {
      const client = await subscribed(transport);
      client.stop();
      await released();
      client.close();
    });

    test('the client closes the connection', async () => {
      (await subscribed(transport)).close();
      await released();
    });

    test('the client resets the connection', async () => {
      (await subscribed(transport)).reset();
      await released();
    });

    test('the token runs out, which the client is told', async () => {
      const token = await provider.sign({ sub: 'ada', exp: Math.floor(Date.now() / 1000) + 2 });
      const client = await subscribed(transport, { authorization: `Bearer ${token}` });
      await ended(client, ['error UNAUTHENTICATED', isSocket ? 'closed 4401' : 'complete']);
    });

    test('its token is revoked at the authorization server, within a second', async () => {
      const token = await provider.opaque();
      const client = await subscribed(transport, { authorization: `Bearer ${token}` });
      await provider.revoke(token);
      const revokedAt = performance.now();
      await until('the end', () => client.ends.length === 2);
      expect(performance.now() - revokedAt).toBeLessThan(1_000);
      await ended(client, ['error UNAUTHENTICATED', isSocket ? 'closed 4401' : 'complete']);
    });

    test('its API key is revoked, within a second', async () => {
      const { stdout } = await runCommand('keys', ['create', '--name', 'a key'], env);
      const key = stdout.trim();
      const client = await subscribed(transport, { 'x-api-key': key });
      await runCommand('keys', ['revoke', key.split('_')[1] ?? ''], env);
      const revokedAt = performance.now();
      await until('the end', () => client.ends.length === 2);
      expect(performance.now() - revokedAt).toBeLessThan(1_000);
      await ended(client, ['error UNAUTHENTICATED', isSocket ? 'closed 4401' : 'complete']);
    });

    test('the subgraph has no more events, which the client is told', async () => {
      const client = await subscribed(transport);
      prices.complete('a');
      await ended(client, ['complete']);
    });

    test('the subgraph does not come back, which the client is told', async () => {
      const client = await subscribed(transport);
      await prices.stop();
      await ended(client, isSocket ? ['error SUBGRAPH_UNAVAILABLE'] : ['error SUBGRAPH_UNAVAILABLE', 'complete']);
      await prices.start();
    });

    test('the schema has it no more, which the client is told', async () => {
      const client = await subscribed(transport);
      prices.change(federated(PRICES.replace('secret: String', '')));
      await ended(
        client,
        isSocket ? ['error SUBSCRIPTION_SCHEMA_RELOAD'] : ['error SUBSCRIPTION_SCHEMA_RELOAD', 'complete'],
      );
      const { version } = (await gateway.health()).supergraph;
      prices.change(federated(PRICES));
      await until('the schema as it was', async () => (await gateway.health()).supergraph.version !== version);
    });
  },
);

test('when the gateway stops, clients are told to come back, whatever they came over, and it ends in time', async () => {
  const clients = TRANSPORTS.map((transport) => openClient(transport, gateway.url, SUBSCRIPTION));
  await until('one subscription for all', () => prices.live() === 1);
  prices.publish('a', { id: '1', amount: 1, secret: 'one' });
  await until('an event at all', () => clients.every(({ events }) => events.length === 1));
  const stopped = gateway.stop();
  await until('all ends', () => clients.every(({ ends }) => ends.length === 1));
  expect(clients.map(({ ends }) => ends)).toEqual([['closed 1001'], ['cut'], ['cut']]);
  expect(await stopped).toBe(0);
  await released();
  adminPort = await freePort();
  gateway = await start(String(adminPort));
});
