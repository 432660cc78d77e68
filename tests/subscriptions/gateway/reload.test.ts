import { afterAll, beforeAll, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../../harness/gateway.ts';
import { federated, startSubgraph } from '../../harness/subgraph.ts';
import { until } from '../../harness/until.ts';
import { receive, webSocketClient } from './clients.ts';
import { PRICES, startEventSubgraph, type EventSubgraph } from './event-subgraph.ts';

const CONFIG = new URL('gateway.config.ts', import.meta.url).pathname;

let prices: EventSubgraph;
let gateway: TestGateway;
let changes = 0;

beforeAll(async () => {
  prices = await startEventSubgraph();
  gateway = await startGateway({
    subgraphs: [prices],
    config: CONFIG,
    env: { SUBSCRIPTIONS: JSON.stringify({ reloadJitter: 50, direct: false }) },
  });
});

afterAll(async () => {
  await Promise.all([gateway, prices].map((server) => server?.[Symbol.asyncDispose]()));
});

async function reloadTo(sdl: string): Promise<void> {
  const { version } = (await gateway.health()).supergraph;
  prices.change(sdl);
  await until('another supergraph', async () => (await gateway.health()).supergraph.version !== version);
}

/** With a field that nobody asks for. */
function changed(sdl = PRICES): string {
  return federated(
    `${sdl} type Unused${++changes} { field: Int }`.replace('type Query {', `type Query { unused: Unused${changes}`),
  );
}

test('a subscription outlasts reloads, on the same subscription of the subgraph, when it asks that for the same', async () => {
  const client = webSocketClient(gateway);
  const received = receive(client, 'subscription { priceChanged { id amount } }');
  await until('the subscription', () => prices.live() === 1);
  const opened = prices.opened();
  let amount = 0;
  for (let reload = 0; reload < 3; reload++) {
    prices.publish('a', { id: '1', amount: ++amount });
    await reloadTo(changed());
    prices.publish('a', { id: '1', amount: ++amount });
  }
  await until('all events', () => received.events.length === amount);
  expect(received.events).toEqual(
    Array.from({ length: amount }, (_, index) => ({ data: { priceChanged: { id: '1', amount: index + 1 } } })),
  );
  expect(prices.opened()).toBe(opened);
  expect(received.ended()).toBeUndefined();
  received.stop();
  await until('the subscription to be released', () => prices.live() === 0);
  await client.dispose();
});

test('a subscription that the new schema does not know any more ends with SUBSCRIPTION_SCHEMA_RELOAD', async () => {
  const client = webSocketClient(gateway);
  const gone = receive(client, 'subscription { priceChanged { id secret } }');
  const stays = receive(client, 'subscription { priceChanged { id } }');
  await until('the subscriptions', () => prices.live() === 2);
  await reloadTo(changed(PRICES.replace('secret: String', '')));
  expect(await until('the end', gone.ended)).toMatchObject([{ extensions: { code: 'SUBSCRIPTION_SCHEMA_RELOAD' } }]);
  await until('one to be released', () => prices.live() === 1);
  prices.publish('a', { id: '1', amount: 1 });
  await until('the event', () => stays.events.length === 1);
  stays.stop();
  await until('the subscription to be released', () => prices.live() === 0);
  await client.dispose();
  await reloadTo(changed());
});

const OWN = federated('type Query { own: Int } type Price @key(fields: "id") { id: ID! own: Int }');
const TAKES_OVER = federated(
  'type Query { own: Int } type Price @key(fields: "id") { id: ID! own: Int tenant: String @override(from: "prices") }',
);

test('where the subgraph is to be asked for something else, events go on, none twice, and one says that some may be missing', async () => {
  await using source = await startEventSubgraph();
  await using other = await startSubgraph('other', OWN, {
    Price: { __resolveReference: ({ id }: { id: string }) => ({ id, own: 1, tenant: 'of the other' }) },
  });
  await using own = await startGateway({
    subgraphs: [source, other],
    config: CONFIG,
    env: { SUBSCRIPTIONS: JSON.stringify({ reloadJitter: 50, direct: false }) },
  });
  const client = webSocketClient(own);
  const received = receive(client, 'subscription { priceChanged { amount tenant } }');
  await until('the subscription', () => source.live() === 1);
  const { version } = (await own.health()).supergraph;
  let amount = 0;
  const publishing = setInterval(() => source.publish('a', { id: '1', amount: ++amount, tenant: 'own' }), 5);
  try {
    await until('events', () => received.events.length > 5);
    other.change(TAKES_OVER);
    await until('another supergraph', async () => (await own.health()).supergraph.version !== version);
    await until('an event by the new schema', () => tenantOf(received.events.at(-1)) === 'of the other');
  } finally {
    clearInterval(publishing);
  }
  await until('the last event', () => amountOf(received.events.at(-1)) === amount);
  expect(source.opened()).toBe(2);
  expect(source.live()).toBe(1);
  const amounts = received.events.map(amountOf);
  expect(amounts).toEqual([...new Set(amounts)].toSorted((one, next) => Number(one) - Number(next)));
  const marked = received.events.filter(({ extensions }) => extensions);
  expect(marked).toEqual([expect.objectContaining({ extensions: { gatehouse: { gap: 'schema-reload' } } })]);
  expect(tenantOf(marked[0])).toBe('of the other');
  const at = received.events.indexOf(marked[0] ?? {});
  const missing = amounts.findIndex((one, index) => one !== index + 1);
  expect(missing === -1 || missing === at).toBe(true);
  expect(received.events.slice(0, at).every((event) => tenantOf(event) === 'own')).toBe(true);
  await client.dispose();
});

type Event = { readonly data?: Record<string, unknown> | null } | undefined;

function amountOf(event: Event): unknown {
  return (event?.data?.['priceChanged'] as { amount?: number } | undefined)?.amount;
}

function tenantOf(event: Event): unknown {
  return (event?.data?.['priceChanged'] as { tenant?: string } | undefined)?.tenant;
}
