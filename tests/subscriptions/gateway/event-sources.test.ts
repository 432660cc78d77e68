import { NATSPubSub, RedisPubSub } from '@graphql-hive/gateway';
import { connect } from '@nats-io/transport-node';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { startGateway } from '../../harness/gateway.ts';
import { startNats } from '../../harness/nats.ts';
import { startRedis } from '../../harness/redis.ts';
import { federated, startSubgraph } from '../../harness/subgraph.ts';
import { until } from '../../harness/until.ts';
import { startEventSubgraph } from './event-subgraph.ts';
import { openClient } from './transports.ts';

const CONFIG = new URL('gateway.config.ts', import.meta.url).pathname;

const SDL = `
  extend schema
    @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@composeDirective"])
    @link(url: "https://the-guild.dev/mesh/v1.0", import: ["@pubsubOperation"])
    @composeDirective(name: "@pubsubOperation")
  directive @pubsubOperation(pubsubTopic: String!) on FIELD_DEFINITION
  type Query { price(id: ID!): Price }
  type Subscription { priceChanged(shop: ID! = "main"): Price @pubsubOperation(pubsubTopic: "prices.{args.shop}") }
  type Price @key(fields: "id") { id: ID! amount: Int tags: [Tag!] }
  type Tag { name: String }
`;
const STOCK = federated('type Query { stock: Int } type Price @key(fields: "id") { id: ID! stock: Int }');

interface Broker extends AsyncDisposable {
  readonly url: string;
  publish(topic: string, message: object): Promise<void>;
  subscribers(topic: string): Promise<number>;
}

async function natsBroker(): Promise<Broker> {
  const server = await startNats();
  const connection = await connect({ servers: `127.0.0.1:${server.port}` });
  const pubsub = new NATSPubSub(connection, { subjectPrefix: 'test' });
  return {
    url: `nats://127.0.0.1:${server.port}`,
    publish: async (topic, message) => pubsub.publish(topic, message),
    subscribers: (topic) => server.subscribers(`test:${topic}`),
    async [Symbol.asyncDispose]() {
      await connection.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

async function redisBroker(): Promise<Broker> {
  const server = await startRedis();
  const [pub, sub] = [new Redis(server.url), new Redis(server.url)];
  const pubsub = new RedisPubSub({ pub, sub }, { channelPrefix: 'test', noQuitOnDispose: true });
  return {
    url: server.url,
    publish: async (topic, message) => pubsub.publish(topic, message),
    subscribers: async (topic) => Number((await pub.pubsub('NUMSUB', `test:${topic}`))[1]),
    async [Symbol.asyncDispose]() {
      for (const client of [pub, sub]) client.disconnect();
      await server.close();
    },
  };
}

test.each([
  ['NATS', natsBroker],
  ['Redis', redisBroker],
])('events come from a topic of %s, and what else is asked for of them from subgraphs', async (_, startBroker) => {
  await using broker = await startBroker();
  await using prices = await startSubgraph('prices', SDL, {
    Price: { __resolveReference: ({ id }: { id: string }) => ({ id }) },
  });
  await using stock = await startSubgraph('stock', STOCK, {
    Price: { __resolveReference: ({ id }: { id: string }) => ({ id, stock: 7 }) },
  });
  await using gateway = await startGateway({
    subgraphs: [prices, stock],
    config: CONFIG,
    env: { TOPICS: broker.url },
  });
  const query = (args: string) =>
    `subscription { changed: priceChanged${args} { key: id amount stock tags { called: name } } }`;
  const [first, second, other] = ['', '(shop: "main")', '(shop: "other")'].map((args) =>
    openClient('ws', gateway.url, query(args)),
  );
  await until('the topics', async () => (await broker.subscribers('prices.other')) === 1);
  await until('the topics', async () => (await broker.subscribers('prices.main')) === 1);
  await broker.publish('prices.main', { id: '1', amount: 5, tags: [{ name: 'new', unasked: true }] });
  await broker.publish('prices.other', { id: '2' });
  await until('the events', () => [first, second, other].every((client) => client?.events.length === 1));

  const event = { data: { changed: { key: '1', amount: 5, stock: 7, tags: [{ called: 'new' }] } } };
  expect([first?.events, second?.events]).toEqual([[event], [event]]);
  expect(other?.events).toEqual([{ data: { changed: { key: '2', amount: null, stock: 7, tags: null } } }]);
  expect(prices.calls).toEqual([]);
  for (const client of [first, second, other]) client?.close();
  await until('the topics to be left', async () => (await broker.subscribers('prices.main')) === 0);
});

test('events come by HTTP callbacks of the subgraph, until nobody wants them', async () => {
  await using prices = await startEventSubgraph();
  await using gateway = await startGateway({ subgraphs: [prices], config: CONFIG, env: { UPSTREAM: 'callback' } });
  const client = openClient('sse', gateway.url, 'subscription { priceChanged { amount } }');
  await until('the subscription', () => prices.live() === 1);
  for (const amount of [1, 2, 3]) prices.publish('a', { id: '1', amount });
  await until('the events', () => client.events.length === 3);
  expect(client.events).toEqual([1, 2, 3].map((amount) => ({ data: { priceChanged: { amount } } })));
  client.close();
  await until('the subscription to be released', () => {
    // In this protocol a subgraph learns of it by the next that it tells.
    prices.publish('a', { id: '1', amount: 4 });
    return prices.live() === 0;
  });
});
