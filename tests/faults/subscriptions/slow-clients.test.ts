import { once } from 'node:events';
import { WebSocket } from 'ws';
import { afterEach, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../../harness/gateway.ts';
import { until } from '../../harness/until.ts';
import { startEventSubgraph, type EventSubgraph } from '../../subscriptions/gateway/event-subgraph.ts';
import { openClient } from '../../subscriptions/gateway/transports.ts';

const CONFIG = new URL('../../subscriptions/gateway/gateway.config.ts', import.meta.url).pathname;
const SUBSCRIPTION = 'subscription { priceChanged { amount secret } }';
const QUEUE = 4;
/** More than the buffers of a connection hold, in events of so many bytes. */
const EVENTS = 120;
const LARGE = 'x'.repeat(100_000);

const started: AsyncDisposable[] = [];

async function start(
  onSlow: string,
  server: object,
  direct = true,
): Promise<{ readonly prices: EventSubgraph; readonly gateway: TestGateway }> {
  const prices = await startEventSubgraph();
  started.push(prices);
  const gateway = await startGateway({
    subgraphs: [prices],
    config: CONFIG,
    env: { SUBSCRIPTIONS: JSON.stringify({ queue: QUEUE, onSlow, direct }), SERVER: JSON.stringify(server) },
  });
  started.push(gateway);
  return { prices, gateway };
}

afterEach(async () => {
  for (const one of started.splice(0).toReversed()) await one[Symbol.asyncDispose]();
});

interface SlowClient {
  readonly amounts: number[];
  readonly errors: unknown[];
  readonly closed: Promise<unknown>;
  ask(query: string): void;
  readOn(): void;
  end(): void;
}

/** Subscribes, and reads no further. */
async function slowClient({ url }: TestGateway): Promise<SlowClient> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const amounts: number[] = [];
  const errors: unknown[] = [];
  const closed = once(socket, 'close');
  socket.on('error', () => {});
  await once(socket, 'open');
  socket.send('{"type":"connection_init"}');
  await once(socket, 'message');
  socket.on('message', (text: Buffer) => {
    const { type, payload } = JSON.parse(text.toString()) as { type: string; payload: never };
    if (type === 'next')
      amounts.push((payload as { data: { priceChanged: { amount: number } } }).data.priceChanged.amount);
    if (type === 'error') errors.push(payload);
  });
  socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query: SUBSCRIPTION } }));
  socket.pause();
  const ask = (query: string): void => socket.send(JSON.stringify({ type: 'subscribe', id: '2', payload: { query } }));
  return { amounts, errors, closed, ask, readOn: () => socket.resume(), end: () => socket.terminate() };
}

/** Publishes events, a few at a time, when the fast client has got those before; none waits for the slow one. */
async function publishAll(prices: EventSubgraph, gateway: TestGateway): Promise<void> {
  const fast = openClient('ws', gateway.url, SUBSCRIPTION);
  await until('both clients', () => {
    prices.publish('a', { id: '0', amount: 0 });
    return fast.events.length > 0;
  });
  const before = fast.events.length;
  for (let amount = 1; amount <= EVENTS; amount++) {
    prices.publish('a', { id: '1', amount, secret: LARGE });
    if (amount % (QUEUE - 1) === 0 || amount === EVENTS)
      await until('the events at the fast client', () => fast.events.length >= before + amount);
  }
  fast.close();
}

test.each([
  ['straight', true],
  ['past other plugins', false],
])('who does not read loses the oldest of what waits, while others get all of it: events go %s', async (_, direct) => {
  const { prices, gateway } = await start('drop-oldest', {}, direct);
  const slow = await slowClient(gateway);
  await publishAll(prices, gateway);
  slow.readOn();
  await until('the last event', () => slow.amounts.at(-1) === EVENTS);
  const got = slow.amounts.filter((amount) => amount > 0);
  expect(got.slice(-QUEUE)).toEqual([EVENTS - 3, EVENTS - 2, EVENTS - 1, EVENTS]);
  expect(got.length).toBeLessThan(EVENTS);
  expect(got).toEqual([...new Set(got)].toSorted((one, other) => one - other));
  slow.end();
});

test('who does not read is told so, and its subscription ends, where that is what is to become of it', async () => {
  const { prices, gateway } = await start('close', { maxBufferedBytes: 80_000, slowTimeout: 60_000 });
  const slow = await slowClient(gateway);
  await publishAll(prices, gateway);
  // It gets nothing more made ready before it has read what waits.
  slow.ask('{ price(id: "1") { id } }');
  await until('the query to have come', async () => (await fetch(`${gateway.url}/health/live`)).ok);
  slow.readOn();
  await until('the errors', () => slow.errors.length > 1);
  expect(slow.errors.flat()).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ extensions: expect.objectContaining({ code: 'SLOW_CONSUMER' }) }),
      expect.objectContaining({
        extensions: { code: 'RATE_LIMITED', policy: 'bytes that wait for a connection', limit: 80_000 },
      }),
    ]),
  );
  slow.end();
});

test('a socket on which more waits than may is cut off', async () => {
  const { prices, gateway } = await start('drop-newest', { maxBufferedBytes: 80_000, slowTimeout: 300 });
  const slow = await slowClient(gateway);
  await publishAll(prices, gateway);
  await until('the subscription to be released', () => prices.live() === 0);
  slow.readOn();
  await slow.closed;
});
