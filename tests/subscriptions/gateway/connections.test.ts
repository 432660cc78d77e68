import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { runCommand } from '../../harness/command.ts';
import { HASH_SECRET } from '../../authentication/api-key/keys.ts';
import { openSocket, type TestSocket } from '../../authentication/gateway/ways.ts';
import { providerEnvironment } from '../../authentication/gateway/environment.ts';
import { deafSocket } from '../../harness/deaf-socket.ts';
import { startGateway, type TestGateway } from '../../harness/gateway.ts';
import { startIdentityProvider, type IdentityProvider } from '../../harness/identity-provider.ts';
import { startRedis, type RedisServer } from '../../harness/redis.ts';
import { until } from '../../harness/until.ts';
import { startEventSubgraph, type EventSubgraph } from './event-subgraph.ts';

const CONFIG = new URL('gateway.config.ts', import.meta.url).pathname;
const SUBSCRIBE = { type: 'subscribe', id: '1', payload: { query: 'subscription { priceChanged { id amount } }' } };
const SERVER = {
  keepAlive: 300,
  keepAliveTimeout: 300,
  idleTimeout: 1_000,
  maxLifetime: 4_000,
  maxConnections: { address: 5, principal: 2 },
  maxOperations: 3,
  operationsPerSecond: 10,
};

let redis: RedisServer;
let provider: IdentityProvider;
let prices: EventSubgraph;
let gateway: TestGateway;
let env: Record<string, string>;
const opened: TestSocket[] = [];

beforeAll(async () => {
  [redis, provider, prices] = await Promise.all([startRedis(), startIdentityProvider(), startEventSubgraph()]);
  env = { ...providerEnvironment(provider), API_KEY_SECRET: HASH_SECRET, REDIS_URL: redis.url };
  gateway = await startGateway({
    subgraphs: [prices],
    config: CONFIG,
    env: { ...env, SERVER: JSON.stringify(SERVER), SUBSCRIPTIONS: JSON.stringify({ maxPerPrincipal: 4 }) },
  });
});

afterAll(async () => {
  await Promise.all([gateway, provider, prices].map((server) => server?.[Symbol.asyncDispose]()));
  await redis?.close();
});

afterEach(async () => {
  for (const socket of opened.splice(0)) socket.end();
  await until('the subscriptions of the subgraph to be released', () => prices.live() === 0);
});

async function open(): Promise<TestSocket> {
  const socket = await openSocket(gateway);
  opened.push(socket);
  return socket;
}

async function ready(payload: object = {}): Promise<TestSocket> {
  const socket = await open();
  socket.send({ type: 'connection_init', payload });
  expect(await socket.next()).toEqual({ type: 'connection_ack' });
  return socket;
}

async function subscribed(payload?: object): Promise<TestSocket> {
  const socket = await ready(payload);
  socket.send(SUBSCRIBE);
  await until('the subscription', () => prices.live() === 1);
  return socket;
}

describe('a client that is gone without a word', () => {
  test('is cut off when it answers no ping, and its subscription is released', async () => {
    const socket = await deafSocket(gateway, [{ type: 'connection_init' }, SUBSCRIBE]);
    try {
      await until('the subscription', () => prices.live() === 1);
      await until('the subscription to be released', () => prices.live() === 0);
    } finally {
      socket.destroy();
    }
  });

  test('is noticed when its process is killed', async () => {
    const script = `
      const { createClient } = require('graphql-ws');
      createClient({ url: ${JSON.stringify(`${gateway.url.replace('http', 'ws')}/graphql`)}, webSocketImpl: require('ws') })
        .subscribe({ query: 'subscription { priceChanged { id } }' }, { next() {}, error() {}, complete() {} });`;
    const client = spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
    try {
      await until('the subscription', () => prices.live() === 1);
    } finally {
      client.kill('SIGKILL');
    }
    await until('the subscription to be released', () => prices.live() === 0);
  });
});

describe('a connection', () => {
  test('without an operation is closed with 1000 after a while, one with a subscription is not', async () => {
    const busy = await subscribed();
    const idle = await ready();
    const at = performance.now();
    expect(await idle.closed).toBe(1000);
    expect(performance.now() - at).toBeGreaterThan(900);
    prices.publish('a', { id: '1', amount: 1 });
    expect(await busy.next()).toMatchObject({ type: 'next' });
  });

  test('is closed with 1001 when it is too old', async () => {
    expect(await (await subscribed()).closed).toBe(1001);
  });

  test('that answers pings stays', async () => {
    const socket = await subscribed();
    const at = performance.now();
    await until('several pings', () => performance.now() - at > 1_000);
    prices.publish('a', { id: '1', amount: 1 });
    expect(await socket.next()).toMatchObject({ type: 'next' });
  });
});

describe('beyond a limit', () => {
  test('of connections from an address, a further one is closed with 4429, until another has gone', async () => {
    const five = await Promise.all([1, 2, 3, 4, 5].map(() => ready()));
    expect(await (await open()).closed).toBe(4429);
    five[0]?.end();
    await until('room', async () => {
      const socket = await open();
      socket.send({ type: 'connection_init' });
      return (await socket.next())?.type === 'connection_ack';
    });
  });

  test('of connections of a principal, a further one is closed with 4429, and those of another are not', async () => {
    const credential = async (sub: string) => ({ authorization: `Bearer ${await provider.sign({ sub })}` });
    await ready(await credential('ada'));
    await ready(await credential('ada'));
    const third = await open();
    third.send({ type: 'connection_init', payload: await credential('ada') });
    expect(await third.closed).toBe(4429);
    await ready(await credential('grace'));
  });

  test('of operations at the same time, a further one is refused with an error that says which', async () => {
    const socket = await ready();
    for (const id of ['1', '2', '3', '4']) socket.send({ ...SUBSCRIBE, id });
    expect(await socket.next()).toMatchObject({
      type: 'error',
      id: '4',
      payload: [{ extensions: { code: 'RATE_LIMITED', policy: 'operations per connection', limit: 3 } }],
    });
    socket.send({ type: 'complete', id: '1' });
    socket.send({ ...SUBSCRIBE, id: '5' });
    await until('the subscription', () => prices.live() === 1);
    prices.publish('a', { id: '1', amount: 1 });
    const ids = [await socket.next(), await socket.next(), await socket.next()].map((message) => idOf(message));
    expect(ids.toSorted()).toEqual(['2', '3', '5']);
  });

  test('of subscriptions of a principal, over all its connections, a further one is refused with an error that says which', async () => {
    const authorization = `Bearer ${await provider.sign({ sub: 'ada' })}`;
    const [one, other] = [await ready({ authorization }), await ready({ authorization })];
    for (const id of ['1', '2', '3']) one.send({ ...SUBSCRIBE, id });
    await until('the subscription', () => prices.live() === 1);
    other.send(SUBSCRIBE);
    other.send({ ...SUBSCRIBE, id: '2' });
    expect(await other.next()).toMatchObject({
      type: 'error',
      id: '2',
      payload: [{ extensions: { code: 'RATE_LIMITED', policy: 'subscriptions per principal', limit: 4 } }],
    });
    one.send({ type: 'complete', id: '1' });
    other.send({ ...SUBSCRIBE, id: '3' });
    await until('an event of the one that found room', async () => {
      prices.publish('a', { id: '1', amount: 1 });
      return idOf(await other.next()) === '3';
    });
  });

  test('of operations in a second, a further one is refused with an error that says which', async () => {
    const socket = await ready();
    const answers: unknown[] = [];
    for (let id = 1; id <= 12; id++) {
      socket.send({ type: 'subscribe', id: `${id}`, payload: { query: '{ price(id: "1") { id } }' } });
      const answer = await socket.next();
      answers.push(answer);
      if (answer?.type === 'next') await socket.next();
    }
    expect(answers.at(-1)).toMatchObject({
      type: 'error',
      payload: [{ extensions: { code: 'RATE_LIMITED', policy: 'operations per second', limit: 10 } }],
    });
  });

  test('of messages in a second, the connection is closed with 4429', async () => {
    const socket = await ready();
    for (let sent = 0; sent < 20; sent++) socket.send({ type: 'ping' });
    expect(await socket.closed).toBe(4429);
  });
});

describe('a token that is renewed', () => {
  const soon = () => Math.floor(Date.now() / 1000) + 2;
  const authorization = async (claims: Record<string, unknown>) => ({
    authorization: `Bearer ${await provider.sign({ sub: 'ada', ...claims })}`,
  });

  test('by a ping keeps the subscription beyond the end of the first', async () => {
    const exp = soon();
    const socket = await subscribed(await authorization({ exp }));
    socket.send({ type: 'ping', payload: await authorization({ exp: exp + 600 }) });
    expect(await socket.next()).toEqual({
      type: 'pong',
      payload: { credential: 'accepted', expiresAt: new Date((exp + 600) * 1000).toISOString() },
    });
    await until('the end of the first', () => Date.now() > exp * 1000 + 1_000);
    prices.publish('a', { id: '1', amount: 1 });
    expect(await socket.next()).toMatchObject({ type: 'next' });
  });

  test.each([
    ['a wrong one', async () => ({ authorization: 'Bearer wrong' })],
    ["another's", () => authorization({ sub: 'grace' })],
  ])('is refused for %s, and the subscription ends with the first', async (_, renewal) => {
    const exp = soon();
    const socket = await subscribed(await authorization({ exp }));
    socket.send({ type: 'ping', payload: await renewal() });
    expect(await socket.next()).toEqual({
      type: 'pong',
      payload: { credential: 'refused', expiresAt: new Date(exp * 1000).toISOString() },
    });
    expect(await socket.next()).toMatchObject({
      type: 'error',
      id: '1',
      payload: [{ extensions: { code: 'UNAUTHENTICATED' } }],
    });
    expect(await socket.closed).toBe(4401);
  });

  test('by a ping stands in place of one that came with the upgrade', async () => {
    const socket = await openSocket(gateway, await authorization({}));
    opened.push(socket);
    socket.send({ type: 'connection_init' });
    expect(await socket.next()).toEqual({ type: 'connection_ack' });
    socket.send({ type: 'ping', payload: await authorization({}) });
    expect(await socket.next()).toMatchObject({ type: 'pong', payload: { credential: 'accepted' } });
  });

  test('is never sent back', async () => {
    const socket = await ready(await authorization({}));
    const payload = await authorization({});
    socket.send({ type: 'ping', payload });
    expect(JSON.stringify(await socket.next())).not.toContain(payload.authorization.slice(7, 20));
  });
});

test('upgrades that are refused and reset at once do not end the gateway', async () => {
  const { hostname, port } = new URL(gateway.url);
  for (let count = 0; count < 20; count++) {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => {});
    socket.write(`GET /elsewhere HTTP/1.1\r\nhost: ${hostname}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n`);
    await once(socket, count % 2 === 0 ? 'connect' : 'data');
    socket.resetAndDestroy();
  }
  await ready();
});

test('an API key that is revoked closes its connection within a second, also without a subscription', async () => {
  const { stdout } = await runCommand('keys', ['create', '--name', 'a key'], env);
  const key = stdout.trim();
  const socket = await subscribed({ 'x-api-key': key });
  await runCommand('keys', ['revoke', key.split('_')[1] ?? ''], env);
  const at = performance.now();
  expect(await socket.closed).toBe(4401);
  expect(performance.now() - at).toBeLessThan(1_000);
});

function idOf(message: unknown): unknown {
  return (message as { id?: unknown } | undefined)?.id;
}
