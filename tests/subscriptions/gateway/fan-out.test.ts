import { afterAll, beforeAll, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../../harness/gateway.ts';
import { freePort } from '../../harness/redis.ts';
import { federated, startSubgraph, type TestSubgraph } from '../../harness/subgraph.ts';
import { until } from '../../harness/until.ts';
import { receive, webSocketClient } from './clients.ts';
import { startEventSubgraph, type EventSubgraph } from './event-subgraph.ts';

const STOCK = federated('type Query { stock: Int } type Price @key(fields: "id") { id: ID! stock: Int }');

let prices: EventSubgraph;
let stock: TestSubgraph;
let gateway: TestGateway;
let adminPort: number;

beforeAll(async () => {
  prices = await startEventSubgraph();
  stock = await startSubgraph('stock', STOCK, {
    Query: { stock: () => 1 },
    Price: { __resolveReference: ({ id }: { id: string }) => ({ id, stock: 7 }) },
  });
  adminPort = await freePort();
  gateway = await startGateway({ subgraphs: [prices, stock], env: { ADMIN_PORT: String(adminPort) } });
});

async function subscriptions(): Promise<number> {
  const status = (await (await fetch(`http://127.0.0.1:${adminPort}/status`)).json()) as {
    subscriptions: { subscriptions: number };
  };
  return status.subscriptions.subscriptions;
}

afterAll(async () => {
  await Promise.all([gateway, prices, stock].map((server) => server?.[Symbol.asyncDispose]()));
});

test('clients that ask for the same share one subscription of the subgraph, and an event is resolved once for all', async () => {
  const clients = Array.from({ length: 20 }, () => webSocketClient(gateway));
  const received = clients.map((client, index) =>
    receive(client, `subscription Of${index} { priceChanged { id amount stock } }`),
  );
  try {
    await until('all subscriptions', async () => (await subscriptions()) === 20 && prices.live() === 1);
    stock.calls.length = 0;
    prices.publish('a', { id: '1', amount: 5 });
    await until('the event at all clients', () => received.every(({ events }) => events.length === 1));
    for (const { events } of received)
      expect(events).toEqual([{ data: { priceChanged: { id: '1', amount: 5, stock: 7 } } }]);
    expect(stock.calls).toHaveLength(1);
    expect(prices.opened()).toBe(1);
  } finally {
    for (const { stop } of received) stop();
  }
  await until('the subscription to be released', () => prices.live() === 0);
  for (const client of clients) await client.dispose();
});
