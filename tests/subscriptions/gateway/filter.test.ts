import { afterAll, beforeAll, expect, test } from 'vitest';
import { providerEnvironment } from '../../authentication/gateway/environment.ts';
import { startGateway, type TestGateway } from '../../harness/gateway.ts';
import { startIdentityProvider, type IdentityProvider } from '../../harness/identity-provider.ts';
import { freePort } from '../../harness/redis.ts';
import { federated, startSubgraph, type TestSubgraph } from '../../harness/subgraph.ts';
import { until } from '../../harness/until.ts';
import { startEventSubgraph, type EventSubgraph } from './event-subgraph.ts';
import { openClient, type OpenClient } from './transports.ts';

const CONFIG = new URL('gateway.config.ts', import.meta.url).pathname;

const SDL = `
  extend schema
    @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@composeDirective"])
    @link(url: "https://gatehouse.dev/subscriptions/v1.0", import: ["@subscriptionFilter"])
    @composeDirective(name: "@subscriptionFilter")
  scalar SubscriptionFilterCondition
  directive @subscriptionFilter(condition: SubscriptionFilterCondition!) repeatable on FIELD_DEFINITION
  type Query { price(id: ID!): Price }
  type Subscription {
    priceChanged(topic: String! = "a", least: ID): Price @subscriptionFilter(condition: {
      AND: [
        { IN: { fieldPath: "tenant", values: ["{{ principal.claims.tenant }}"] } }
        { NOT: { IN: { fieldPath: "id", values: ["{{ args.least }}"] } } }
      ]
    })
  }
  type Price @key(fields: "id") { id: ID! amount: Int tenant: String secret: String }
`;
const STOCK = federated('type Query { stock: Int } type Price @key(fields: "id") { id: ID! stock: Int }');

let provider: IdentityProvider;
let prices: EventSubgraph;
let stock: TestSubgraph;
let gateway: TestGateway;
let adminPort: number;

beforeAll(async () => {
  [provider, prices, stock] = await Promise.all([
    startIdentityProvider(),
    startEventSubgraph('prices', SDL),
    startSubgraph('stock', STOCK, {
      Price: { __resolveReference: ({ id }: { id: string }) => ({ id, stock: 7 }) },
    }),
  ]);
  adminPort = await freePort();
  gateway = await startGateway({
    subgraphs: [prices, stock],
    config: CONFIG,
    env: { ...providerEnvironment(provider), ADMIN_PORT: String(adminPort) },
  });
});

async function subscriptions(): Promise<number> {
  const status = (await (await fetch(`http://127.0.0.1:${adminPort}/status`)).json()) as {
    subscriptions: { subscriptions: number };
  };
  return status.subscriptions.subscriptions;
}

afterAll(async () => {
  await Promise.all([gateway, prices, stock, provider].map((server) => server?.[Symbol.asyncDispose]()));
});

async function of(tenant: string | undefined): Promise<{ readonly authorization: string }> {
  return { authorization: `Bearer ${await provider.sign({ sub: `of ${tenant}`, tenant })}` };
}

test('each client gets the events of its own tenant, over one subscription, and nothing is fetched for what nobody gets', async () => {
  const query = 'subscription { priceChanged(least: "0") { amount stock } }';
  const clients: OpenClient[] = [];
  for (const tenant of ['red', 'red', 'blue', undefined]) {
    clients.push(openClient('ws', gateway.url, query, await of(tenant)));
  }
  await until('all subscriptions', async () => (await subscriptions()) === 4);
  await until('one subscription for all', () => prices.live() === 1);
  stock.calls.length = 0;

  prices.publish('a', { id: '1', amount: 1, tenant: 'red' });
  prices.publish('a', { id: '2', amount: 2, tenant: 'green' });
  prices.publish('a', { id: '0', amount: 3, tenant: 'blue' });
  prices.publish('a', { id: '4', amount: 4 });
  prices.publish('a', { id: '5', amount: 5, tenant: 'blue' });
  await until('the event of blue', () => clients[2]?.events.length === 1);

  const event = (amount: number) => ({ data: { priceChanged: { amount, stock: 7 } } });
  expect(clients.map(({ events }) => events)).toEqual([[event(1)], [event(1)], [event(5)], []]);
  expect(stock.calls).toHaveLength(2);
  for (const client of clients) client.close();
  await until('the subscription to be released', () => prices.live() === 0);
});

test('after a lost connection each client is told of the gap by the next event that is for it, not by those for others', async () => {
  const query = 'subscription { priceChanged(least: "0") { amount } }';
  const clients = await Promise.all(
    ['red', 'blue'].map(async (tenant) => openClient('ws', gateway.url, query, await of(tenant))),
  );
  await until('both subscriptions', async () => (await subscriptions()) === 2 && prices.live() === 1);
  const opened = prices.opened();
  prices.cut();
  await until('the subscription to be opened again', () => prices.opened() > opened && prices.live() === 1);
  for (const [amount, tenant] of ['red', 'red', 'blue', 'blue'].entries()) {
    prices.publish('a', { id: '1', amount, tenant });
  }
  await until('the events', () => clients.every(({ events }) => events.length === 2));
  const gap = { extensions: { gatehouse: { gap: 'upstream' } } };
  const event = (amount: number) => ({ data: { priceChanged: { amount } } });
  expect(clients.map(({ events }) => events)).toEqual([
    [{ ...event(0), ...gap }, event(1)],
    [{ ...event(2), ...gap }, event(3)],
  ]);
  for (const client of clients) client.close();
  await until('the subscription to be released', () => prices.live() === 0);
});

test('a filter that names an argument that the client does not give lets nothing pass', async () => {
  const client = openClient('ws', gateway.url, 'subscription { priceChanged { amount } }', await of('red'));
  const control = openClient(
    'ws',
    gateway.url,
    'subscription { priceChanged(least: "0") { amount } }',
    await of('red'),
  );
  await until('both subscriptions', async () => (await subscriptions()) === 2 && prices.live() === 2);
  prices.publish('a', { id: '1', amount: 1, tenant: 'red' });
  await until('the event', () => control.events.length === 1);
  expect(client.events).toEqual([]);
  for (const one of [client, control]) one.close();
  await until('the subscriptions to be released', () => prices.live() === 0);
});
