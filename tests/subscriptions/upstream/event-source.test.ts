import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { topicUpstream, type TopicUpstream } from '../../../plugins/subscriptions/upstream/event-source.ts';
import type { UpstreamOperation } from '../../../plugins/subscriptions/upstream/upstream.ts';
import { until } from '../../harness/until.ts';
import { memoryBroker, natsBroker, redisBroker, type Broker } from './brokers.ts';
import { record, saidAt, type Recorded } from './recorder.ts';

const NOTHING_LEFT = { connections: 0, subscriptions: 0, dropped: 0 };

let broker: Broker;
let upstream: TopicUpstream;

async function start(startBroker: () => Promise<Broker>): Promise<void> {
  broker = await startBroker();
  const { pubsub, onDisconnect } = broker;
  upstream = topicUpstream({ pubsub, ...(onDisconnect && { onDisconnect }) });
}

afterEach(async () => {
  await upstream.close();
  await broker[Symbol.asyncDispose]();
});

async function listen(topic: string): Promise<Recorded> {
  const recorded = record(upstream, ofTopic(topic));
  await recorded.opened();
  return recorded;
}

function ofTopic(name: string): UpstreamOperation {
  const topic = { name, eventOf: (said: object) => ({ data: { said } }) };
  return saidAt('http://127.0.0.1:1/graphql', name, { topic });
}

const say = (topic: string, message: unknown) => broker.pubsub.publish(topic, message);

describe.each([
  ['a MemPubSub', memoryBroker],
  ['a RedisPubSub', redisBroker],
  ['a NATSPubSub', natsBroker],
])('the topics of %s', (_, startBroker) => {
  beforeEach(() => start(startBroker));

  test('give their messages in their order, as data of the field', async () => {
    const recorded = await listen('orders.1');
    for (let id = 0; id < 50; id++) await say('orders.1', { id, text: 'ä€𝄞' });
    await recorded.count(50);
    const messages = Array.from({ length: 50 }, (__, id) => ({ data: { said: { id, text: 'ä€𝄞' } } }));
    expect(recorded.told).toEqual(['opened', ...messages]);
  });

  test('give what is said there to all who listen, and to nobody else', async () => {
    const [one, two, other] = [await listen('a'), await listen('a'), await listen('b')];
    await say('a', { id: 1 });
    await Promise.all([one.count(1), two.count(1)]);
    await say('b', { id: 2 });
    await other.count(1);
    expect([one.events, two.events, other.events]).toMatchObject([
      [{ data: { said: { id: 1 } } }],
      [{ data: { said: { id: 1 } } }],
      [{ data: { said: { id: 2 } } }],
    ]);
    expect(upstream.status()).toEqual({ connections: 2, subscriptions: 3, dropped: 0 });
    expect(await broker.subscribers('a')).toBe(1);
  });

  test('are heard on when another listener leaves', async () => {
    const [gone, kept] = [await listen('a'), await listen('a')];
    gone.giveUp();
    await say('a', { id: 1 });
    await kept.count(1);
    expect(gone.told).toEqual(['opened']);
    expect(await broker.subscribers('a')).toBe(1);
  });

  test('are heard by one that comes at the moment when the last one leaves', async () => {
    const gone = await listen('a');
    gone.giveUp();
    const next = await listen('a');
    await say('a', { id: 1 });
    await next.count(1);
    expect(gone.told).toEqual(['opened']);
  });

  test('are left at the broker when nobody listens any more', async () => {
    const recorded = await listen('a');
    expect(await broker.subscribers('a')).toBe(1);
    recorded.giveUp();
    await until('the release', async () => (await broker.subscribers('a')) === 0);
    await until('nothing to be left', () => upstream.status().connections === 0);
    await say('a', { id: 1 });
    expect(recorded.told).toEqual(['opened']);
    expect(upstream.status()).toEqual(NOTHING_LEFT);
  });

  test('are left when it is given up before it is open', async () => {
    record(upstream, ofTopic('a')).giveUp();
    await until('nothing to be left', () => upstream.status().connections === 0);
    expect(await broker.subscribers('a')).toBe(0);
  });

  test('do not give what is no object, and count it', async () => {
    const recorded = await listen('a');
    for (const message of ['text', 1, null, true, [{ id: 1 }]]) await say('a', message);
    await say('a', { id: 2 });
    await recorded.count(1);
    expect(recorded.events).toEqual([{ data: { said: { id: 2 } } }]);
    expect(upstream.status().dropped).toBe(5);
  });

  test('lose their subscriptions when the pubsub is closed, and those that come then', async () => {
    const recorded = await listen('a');
    await broker.pubsub.dispose();
    expect(await recorded.end()).toEqual({ kind: 'lost', reason: 'the pubsub was closed' });
    const late = record(upstream, ofTopic('a'));
    expect(late.told, 'before open has returned').toEqual([]);
    expect(await late.end()).toMatchObject({ kind: 'lost' });
    await until('nothing to be left', () => upstream.status().connections === 0);
    expect(upstream.status()).toEqual(NOTHING_LEFT);
  });

  test('lose their subscriptions when close() is called, which leaves nothing', async () => {
    const recorded = await listen('a');
    await upstream.close();
    expect(await recorded.end()).toEqual({ kind: 'lost', reason: 'the gateway is closing' });
    expect(upstream.status()).toEqual(NOTHING_LEFT);
    await until('the release', async () => (await broker.subscribers('a')) === 0);
    await say('a', { id: 1 });
    expect(recorded.events).toEqual([]);
  });
});

describe.each([
  ['a RedisPubSub', redisBroker],
  ['a NATSPubSub', natsBroker],
])('the topics of %s whose broker goes away', (_, startBroker) => {
  beforeEach(() => start(startBroker));

  test('lose their subscriptions, since messages may be missing, and can be listened to again', async () => {
    const recorded = await listen('a');
    await broker.cut?.();
    expect(await recorded.end()).toEqual({ kind: 'lost', reason: 'the connection to the broker was lost' });
    const again = await listen('a');
    await until('the subscription at the broker', async () => (await broker.subscribers('a')) === 1);
    await say('a', { id: 1 });
    await again.count(1);
    expect(again.events).toEqual([{ data: { said: { id: 1 } } }]);
  });
});

test('the topics of a NATS connection that ends for good lose their subscriptions', async () => {
  await start(() => natsBroker({ reconnect: false }));
  const { pubsub } = broker;
  await upstream.close();
  upstream = topicUpstream({ pubsub });
  const recorded = await listen('a');
  await broker.cut?.();
  expect(await recorded.end()).toEqual({ kind: 'lost', reason: 'the pubsub was closed' });
});

describe('a subscription', () => {
  beforeEach(() => start(memoryBroker));

  test.each(['orders.*', 'orders.>', 'a b', 'a\r\nUNSUB 1', 'a\u0000', ''])(
    'to %j is refused: a client cannot listen to more than one topic',
    async (topic) => {
      const recorded = record(upstream, ofTopic(topic));
      expect(recorded.told, 'before open has returned').toEqual([]);
      expect(await recorded.end()).toEqual({
        kind: 'refused',
        errors: [{ message: 'The topic of the subscription is not a name.' }],
      });
      expect(upstream.status()).toEqual(NOTHING_LEFT);
    },
  );

  test('that is of no topic is refused', async () => {
    expect(await record(upstream, saidAt('http://127.0.0.1:1/graphql', 'a')).end()).toEqual({
      kind: 'refused',
      errors: [{ message: 'The subscription has no topic.' }],
    });
  });

  test.each<[string, object]>([
    ['pubsub.subscribe is undefined; it takes a function', { pubsub: undefined }],
    ['onDisconnect is true; it takes a function', { onDisconnect: true }],
  ])('has its options checked when they are made: %s', (message, options) => {
    expect(() => topicUpstream({ pubsub: broker.pubsub, ...options })).toThrow(`topicUpstream: ${message}`);
  });
});
