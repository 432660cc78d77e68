import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Upstream } from '../../../plugins/subscriptions/upstream/upstream.ts';
import { webSocketUpstream, type WebSocketOptions } from '../../../plugins/subscriptions/upstream/web-socket.ts';
import { freePort } from '../../harness/redis.ts';
import { until } from '../../harness/until.ts';
import { startLiveSubgraph, type LiveSubgraph } from './live-subgraph.ts';
import { record, saidAt, type Recorded } from './recorder.ts';

const NOTHING_LEFT = { connections: 0, subscriptions: 0 };

let subgraph: LiveSubgraph;
let upstream: Upstream;

beforeEach(async () => {
  subgraph = await startLiveSubgraph();
  upstream = webSocketUpstream();
});

afterEach(async () => {
  await upstream.close();
  await subgraph[Symbol.asyncDispose]();
});

async function openWith(options: WebSocketOptions): Promise<void> {
  await upstream.close();
  upstream = webSocketUpstream(options);
}

/** Opens one, and resolves when the subgraph serves it. */
async function listen(topic: string, headers: Readonly<Record<string, string>> = {}): Promise<Recorded> {
  const before = subgraph.listeners(topic);
  const recorded = record(upstream, saidAt(subgraph.url, topic, { headers }));
  await until('the subgraph to serve it', () => subgraph.listeners(topic) > before);
  await recorded.opened();
  return recorded;
}

/** Resolves when the subgraph was asked so often whether it is there. */
async function pinged(times: number): Promise<void> {
  let messages = 0;
  for (const socket of subgraph.sockets) socket.on('message', () => messages++);
  await until(`${times} pings`, () => messages >= times);
}

describe('a subscription', () => {
  test('gives the events of the subgraph in their order, once it has said that it is open', async () => {
    const recorded = await listen('news');
    const texts = Array.from({ length: 100 }, (_, index) => `event ${index}`);
    for (const text of texts) subgraph.say('news', text);
    await recorded.count(100);
    expect(recorded.told).toEqual(['opened', ...texts.map((said) => ({ data: { said } }))]);
  });

  test('is completed when the subgraph completes it', async () => {
    const recorded = await listen('news');
    subgraph.finish('news');
    expect(await recorded.end()).toEqual({ kind: 'completed' });
    expect(upstream.status().subscriptions).toBe(0);
  });

  test("is refused with the subgraph's own errors, and the connection serves others still", async () => {
    const other = await listen('news');
    const refused = record(
      upstream,
      saidAt(subgraph.url, '', { query: 'subscription { nothing }', operationName: undefined }),
    );
    expect(await refused.end()).toMatchObject({
      kind: 'refused',
      errors: [{ message: 'Cannot query field "nothing" on type "Subscription".' }],
    });
    const forbidden = record(
      upstream,
      saidAt(subgraph.url, '', { query: 'subscription { forbidden }', operationName: undefined }),
    );
    expect(await forbidden.end()).toMatchObject({
      kind: 'refused',
      errors: [{ message: 'Not for you', path: ['forbidden'], extensions: { code: 'FORBIDDEN' } }],
    });
    subgraph.say('news', 'still here');
    await other.count(1);
    expect(subgraph.upgrades).toHaveLength(1);
  });

  test('that is given up is released at the subgraph, and nothing is told of it any more', async () => {
    const [given, kept] = [await listen('news'), await listen('news')];
    given.giveUp();
    given.giveUp();
    subgraph.say('news', 'after');
    await kept.count(1);
    await until('the release', () => subgraph.listeners('news') === 1);
    expect(given.told).toEqual(['opened']);
    expect(upstream.status().subscriptions).toBe(1);
  });

  test('that is given up before it is open never reaches the subgraph', async () => {
    const given = record(upstream, saidAt(subgraph.url, 'news'));
    given.giveUp();
    const kept = await listen('news');
    expect(subgraph.asked).toHaveLength(1);
    expect(given.told).toEqual([]);
    kept.giveUp();
  });
});

describe('a connection', () => {
  test('is one for all callers: their headers go with each subscription', async () => {
    await listen('news', { 'x-caller': 'ada' });
    await listen('news', { 'x-caller': 'bob' });
    expect(upstream.status()).toEqual({ connections: 1, subscriptions: 2 });
    expect(subgraph.upgrades).toMatchObject([{ path: '/graphql' }]);
    expect(subgraph.upgrades[0]?.headers).not.toHaveProperty('x-caller');
    expect(subgraph.asked).toMatchObject([
      { extensions: { headers: { 'x-caller': 'ada' } } },
      { extensions: { headers: { 'x-caller': 'bob' } } },
    ]);
  });

  test('is one for all that have the same of the headers that go with the upgrade, in whatever order', async () => {
    await openWith({ upgradeHeaders: ['X-Tenant', 'X-Region'] });
    await listen('news', { 'x-tenant': 'a', 'x-region': 'b', 'x-caller': 'ada' });
    await listen('news', { 'x-region': 'b', 'x-tenant': 'a', 'x-caller': 'bob' });
    expect(upstream.status()).toEqual({ connections: 1, subscriptions: 2 });
    expect(subgraph.upgrades).toMatchObject([{ headers: { 'x-tenant': 'a', 'x-region': 'b' } }]);
    expect(subgraph.upgrades[0]?.headers).not.toHaveProperty('x-caller');
  });

  test('is another one for others of those', async () => {
    await openWith({ upgradeHeaders: ['authorization'] });
    await listen('news', { authorization: 'Bearer a' });
    await listen('news', { authorization: 'Bearer b' });
    expect(upstream.status()).toEqual({ connections: 2, subscriptions: 2 });
    expect(subgraph.upgrades.map(({ headers }) => headers.authorization)).toEqual(['Bearer a', 'Bearer b']);
  });

  test('goes to the path and sends the connection parameters that it was given', async () => {
    await openWith({ path: '/live', connectionParams: { token: 't' } });
    await listen('news');
    expect(subgraph.upgrades).toMatchObject([{ path: '/live', params: { token: 't' } }]);
  });

  test('is closed and forgotten when it has had no subscriptions for a while', async () => {
    await openWith({ idleClose: 50 });
    const given = await listen('news');
    given.giveUp();
    await until('the connection to close', () => subgraph.sockets.size === 0);
    await until('it to be forgotten', () => upstream.status().connections === 0);
    await listen('news');
    expect(subgraph.upgrades).toHaveLength(2);
  });

  test('is kept for a subscription that comes before that', async () => {
    await openWith({ idleClose: 100, keepAlive: 20 });
    const first = await listen('news');
    first.giveUp();
    const second = await listen('sport');
    await pinged(10);
    subgraph.say('sport', 'still here');
    await second.count(1);
    expect(subgraph.upgrades).toHaveLength(1);
  });

  test('is closed by close(), which tells each subscription that it is lost and leaves nothing', async () => {
    const recorded = await listen('news');
    await upstream.close();
    expect(await recorded.end()).toEqual({ kind: 'lost', reason: 'the gateway is closing' });
    expect(upstream.status()).toEqual(NOTHING_LEFT);
    await until('the release', () => subgraph.listeners('news') === 0);
    const late = record(upstream, saidAt(subgraph.url, 'news'));
    expect(late.told).toEqual([]);
    expect(await late.end()).toEqual({ kind: 'lost', reason: 'the gateway is closing' });
  });

  test('is closed by close() even when the subgraph does not answer', async () => {
    await listen('news');
    for (const socket of subgraph.connections) socket.pause();
    await upstream.close();
    expect(upstream.status()).toEqual(NOTHING_LEFT);
  });
});

describe('every subscription of a connection is lost', () => {
  async function lostBy(happening: () => void | Promise<void>): Promise<string[]> {
    const all = [await listen('news'), await listen('sport')];
    await happening();
    const ends = await Promise.all(all.map((one) => one.end()));
    await until('nothing to be left', () => upstream.status().connections === 0);
    expect(upstream.status()).toEqual(NOTHING_LEFT);
    for (const { told } of all) expect(told).toHaveLength(2);
    return ends.map((end) => (end.kind === 'lost' ? end.reason : end.kind));
  }

  const twice = (reason: string) => [reason, reason];

  test('when the subgraph is killed', async () => {
    expect(await lostBy(() => subgraph.stop())).toEqual(twice('the subgraph closed the connection with 1006'));
  });

  test('when the connection is reset', async () => {
    const reset = () => subgraph.connections.forEach((socket) => socket.resetAndDestroy());
    expect(await lostBy(reset)).toEqual(twice('the subgraph closed the connection with 1006'));
  });

  test.each([1000, 1001, 4400, 4401, 4499, 4500])('when the subgraph closes it with %i', async (code) => {
    const reasons = await lostBy(() => subgraph.sockets.forEach((socket) => socket.close(code, 'secret')));
    expect(reasons).toEqual(twice(`the subgraph closed the connection with ${code}`));
    expect(subgraph.upgrades).toHaveLength(1);
  });

  test('when the subgraph stops answering pings', async () => {
    await openWith({ keepAlive: 50, keepAliveTimeout: 100 });
    const freeze = () => subgraph.connections.forEach((socket) => socket.pause());
    expect(await lostBy(freeze)).toEqual(twice('no pong within 100 ms'));
  });

  test('when a message is larger than is read', async () => {
    await openWith({ maxMessageBytes: 1_000 });
    const reasons = await lostBy(() => subgraph.say('news', 'x'.repeat(1_000)));
    expect(reasons).toEqual(twice('the connection failed (WS_ERR_UNSUPPORTED_MESSAGE_LENGTH)'));
  });

  test('when a message is not of the protocol, of which the reason repeats nothing', async () => {
    const reasons = await lostBy(() => subgraph.sockets.forEach((socket) => socket.send('secret')));
    expect(reasons).toEqual(twice('the subgraph sent what is not of the protocol'));
  });
});

test('a connection whose subgraph answers its pings stays', async () => {
  await openWith({ keepAlive: 20, keepAliveTimeout: 5_000 });
  const recorded = await listen('news');
  await pinged(5);
  subgraph.say('news', 'still here');
  await recorded.count(1);
  expect(recorded.told).toHaveLength(2);
});

describe('a subscription is lost', () => {
  test('when nobody listens there', async () => {
    const recorded = record(upstream, saidAt(`http://127.0.0.1:${await freePort()}/graphql`, 'news'));
    expect(await recorded.end()).toEqual({ kind: 'lost', reason: 'the connection failed (ECONNREFUSED)' });
    await until('nothing to be left', () => upstream.status().connections === 0);
  });

  test('when the subgraph takes the connection and says nothing', async () => {
    await openWith({ connectTimeout: 100 });
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/graphql`;
    expect(await record(upstream, saidAt(url, 'news')).end()).toEqual({
      kind: 'lost',
      reason: 'no connection_ack within 100 ms',
    });
    await until('nothing to be left', () => upstream.status().connections === 0);
    silent.close();
  });

  test('when the subgraph does not acknowledge the connection in time', async () => {
    await openWith({ connectTimeout: 100 });
    subgraph.onInit(() => {});
    const recorded = record(upstream, saidAt(subgraph.url, 'news'));
    expect(await recorded.end()).toEqual({ kind: 'lost', reason: 'no connection_ack within 100 ms' });
    expect(recorded.told).toHaveLength(1);
  });

  test('with the code, when the subgraph forbids the connection', async () => {
    subgraph.onInit((socket) => socket.close(4403, 'Forbidden'));
    const recorded = record(upstream, saidAt(subgraph.url, 'news'));
    expect(await recorded.end()).toEqual({ kind: 'lost', reason: 'the subgraph closed the connection with 4403' });
  });

  test('when what stands there is no WebSocket server', async () => {
    const answering = createServer((socket) => socket.end('HTTP/1.1 401 Unauthorized\r\nconnection: close\r\n\r\n'));
    await once(answering.listen(0, '127.0.0.1'), 'listening');
    const url = `http://127.0.0.1:${(answering.address() as AddressInfo).port}/graphql`;
    expect(await record(upstream, saidAt(url, 'news')).end()).toEqual({
      kind: 'lost',
      reason: 'the connection failed (Unexpected server response: 401)',
    });
    answering.close();
  });

  test.each([
    ['its URL is none', { url: 'nowhere' }, 'ERR_INVALID_URL'],
    ['a header cannot be sent', { headers: { 'x-secret': 'secret\n' } }, 'ERR_INVALID_CHAR'],
  ])('when %s', async (_, wrong, code) => {
    await openWith({ upgradeHeaders: ['x-secret'] });
    const recorded = record(upstream, saidAt(subgraph.url, 'news', wrong));
    expect(recorded.told).toEqual([]);
    expect(await recorded.end()).toEqual({ kind: 'lost', reason: `it could not be asked for (${code})` });
    expect(upstream.status()).toEqual(NOTHING_LEFT);
  });
});

test.each<[string, WebSocketOptions]>([
  ['path is "graphql"; it takes the path of a URL', { path: 'graphql' }],
  ['path is "//elsewhere"; it takes the path of a URL', { path: '//elsewhere' }],
  ['connectionParams takes an object', { connectionParams: 'secret' as never }],
  ['upgradeHeaders is "x"; it takes a list of texts', { upgradeHeaders: 'x' as never }],
  ['keepAlive is 0; it takes a whole number from 1', { keepAlive: 0 }],
  ['keepAliveTimeout is 0.5; it takes a whole number from 1', { keepAliveTimeout: 0.5 }],
  ['connectTimeout is NaN; it takes a whole number from 1', { connectTimeout: Number.NaN }],
  ['maxMessageBytes is -1; it takes a whole number from 1', { maxMessageBytes: -1 }],
  ['idleClose is -1; it takes a whole number from 0', { idleClose: -1 }],
])('a wrong option is named when it is made: %s', (message, options) => {
  expect(() => webSocketUpstream(options)).toThrow(`webSocketUpstream: ${message}`);
});
