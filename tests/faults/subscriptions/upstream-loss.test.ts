import { afterAll, beforeAll, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../../harness/gateway.ts';
import { until } from '../../harness/until.ts';
import { receive, webSocketClient } from '../../subscriptions/gateway/clients.ts';
import { startEventSubgraph, type EventSubgraph } from '../../subscriptions/gateway/event-subgraph.ts';

const CONFIG = new URL('../../subscriptions/gateway/gateway.config.ts', import.meta.url).pathname;
const SUBSCRIPTION = 'subscription { priceChanged { id amount } }';

interface Started {
  readonly prices: EventSubgraph;
  readonly gateway: TestGateway;
}

const started = new Map<string, Started>();

beforeAll(async () => {
  await Promise.all(
    ['ws', 'sse'].map(async (upstream) => {
      const prices = await startEventSubgraph();
      const options = { retries: 3, retryDelay: 50, maxRetryDelay: 50, notices: true };
      const gateway = await startGateway({
        subgraphs: [prices],
        config: CONFIG,
        env: { UPSTREAM: upstream, SUBSCRIPTIONS: JSON.stringify(options) },
      });
      started.set(upstream, { prices, gateway });
    }),
  );
});

afterAll(async () => {
  for (const { gateway, prices } of started.values()) {
    await gateway[Symbol.asyncDispose]();
    await prices[Symbol.asyncDispose]();
  }
});

function over(upstream: string): Started {
  const found = started.get(upstream);
  if (!found) throw new Error(`nothing was started over ${upstream}`);
  return found;
}

test.each(['ws', 'sse'])(
  'a client keeps its subscription while the connection to the subgraph is lost, and learns of the gap: %s',
  async (upstream) => {
    const { prices, gateway } = over(upstream);
    const client = webSocketClient(gateway);
    const received = receive(client, SUBSCRIPTION);
    await until('the subscription', () => prices.live() === 1);
    const opened = prices.opened();
    prices.publish('a', { id: '1', amount: 1 });
    await until('an event', () => received.events.length === 1);
    prices.cut();
    await until('the subscription of the subgraph to be opened again', () => prices.opened() === opened + 1);
    await until('one to be left', () => prices.live() === 1);
    await until('both notices', () => received.events.length === 3);
    prices.publish('a', { id: '1', amount: 2 });
    prices.publish('a', { id: '1', amount: 3 });
    await until('events again', () => received.events.length === 5);
    expect(received.events).toEqual([
      { data: { priceChanged: { id: '1', amount: 1 } } },
      { data: null, extensions: { gatehouse: { connection: 'lost' } } },
      { data: null, extensions: { gatehouse: { connection: 'restored' } } },
      { data: { priceChanged: { id: '1', amount: 2 } }, extensions: { gatehouse: { gap: 'upstream' } } },
      { data: { priceChanged: { id: '1', amount: 3 } } },
    ]);
    expect(received.ended()).toBeUndefined();
    await client.dispose();
  },
);

test('a subscription whose subgraph does not come back ends with SUBGRAPH_UNAVAILABLE, and nothing of the subgraph is told', async () => {
  const { prices, gateway } = over('ws');
  const client = webSocketClient(gateway);
  const received = receive(client, SUBSCRIPTION);
  await until('the subscription', () => prices.live() === 1);
  await prices.stop();
  const ended = await until('the end', received.ended);
  expect(ended).toMatchObject([{ extensions: { code: 'SUBGRAPH_UNAVAILABLE', service: 'prices' } }]);
  expect(JSON.stringify(ended)).not.toContain('127.0.0.1');
  expect(received.events).toEqual([{ data: null, extensions: { gatehouse: { connection: 'lost' } } }]);
  await client.dispose();
  await prices.start();
});

test('a subscription that cannot be opened fails at once, for the client to try again', async () => {
  const { prices, gateway } = over('ws');
  await prices.stop();
  const client = webSocketClient(gateway);
  const received = receive(client, SUBSCRIPTION);
  expect(await until('the end', received.ended)).toMatchObject([{ extensions: { code: 'SUBGRAPH_UNAVAILABLE' } }]);
  await client.dispose();
  await prices.start();
});

test('what a subgraph says when it refuses a subscription is as safe as any of its errors', async () => {
  const { gateway } = over('ws');
  const client = webSocketClient(gateway);
  const received = receive(client, 'subscription { failing { id } }');
  expect(await until('the end', received.ended)).toMatchObject([
    { extensions: { code: 'SUBGRAPH_ERROR', service: 'prices' } },
  ]);
  expect(JSON.stringify(received.ended())).not.toContain('127.0.0.1');
  await client.dispose();
});
