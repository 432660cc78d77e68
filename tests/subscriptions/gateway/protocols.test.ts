import { ApolloClient, gql, HttpLink, InMemoryCache, split } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { getMainDefinition } from '@apollo/client/utilities';
import { Kind, OperationTypeNode } from 'graphql';
import { createClient as createSseClient } from 'graphql-sse';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../../harness/gateway.ts';
import { until } from '../../harness/until.ts';
import { receive, webSocketClient } from './clients.ts';
import { startEventSubgraph, type EventSubgraph } from './event-subgraph.ts';

const SUBSCRIPTION = 'subscription { priceChanged { id amount } }';
const event = (amount: number) => ({ data: { priceChanged: { id: '1', amount } } });

let prices: EventSubgraph;
let gateway: TestGateway;

beforeAll(async () => {
  prices = await startEventSubgraph();
  gateway = await startGateway({ subgraphs: [prices] });
});

afterAll(async () => {
  await Promise.all([gateway, prices].map((server) => server?.[Symbol.asyncDispose]()));
});

async function untilReleased(): Promise<void> {
  await until('the subscription of the subgraph to be released', () => {
    // Some clients close a connection when they get something that they do not want any more.
    prices.publish('a', { id: '1', amount: 0 });
    return prices.live() === 0;
  });
}

function ask(accept: string, query = SUBSCRIPTION): Promise<Response> {
  return fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept },
    body: JSON.stringify({ query }),
  });
}

describe("graphql-ws's client", () => {
  test('gets events until it stops, and the subgraph is let go then', async () => {
    const client = webSocketClient(gateway);
    const received = receive(client, SUBSCRIPTION);
    await until('the subscription', () => prices.live() === 1);
    for (const amount of [1, 2, 3]) prices.publish('a', { id: '1', amount });
    await until('three events', () => received.events.length === 3);
    expect(received.events).toEqual([1, 2, 3].map(event));
    received.stop();
    await untilReleased();
    await client.dispose();
  });

  test('is told of the end when the subgraph has no more events', async () => {
    const client = webSocketClient(gateway);
    const received = receive(client, SUBSCRIPTION);
    await until('the subscription', () => prices.live() === 1);
    prices.complete('a');
    expect(await until('the end', received.ended)).toBe('complete');
    await client.dispose();
  });

  test('sends queries and mutations over the same socket', async () => {
    const client = webSocketClient(gateway);
    const query = receive(client, '{ price(id: "1") { amount } }');
    const mutation = receive(client, 'mutation { setPrice(id: "1", amount: 9) { amount } }');
    await until('both ends', () => query.ended() && mutation.ended());
    expect(query.events).toEqual([{ data: { price: { amount: 1 } } }]);
    expect(mutation.events).toEqual([{ data: { setPrice: { amount: 9 } } }]);
    await client.dispose();
  });

  test.each([
    ['a syntax error', 'subscription {'],
    ['a field that there is not', 'subscription { nothing }'],
    ['a query with a field that there is not', '{ nothing }'],
    ['two root fields', 'subscription { priceChanged { id } failing { id } }'],
  ])('gets an `error` message for %s', async (_, query) => {
    const client = webSocketClient(gateway);
    const received = receive(client, query);
    expect(await until('the error', received.ended)).toEqual([
      expect.objectContaining({ message: expect.stringMatching(/\S/) }),
    ]);
    expect(received.events).toEqual([]);
    expect(JSON.stringify(received.ended())).not.toContain('"http"');
    await client.dispose();
  });
});

describe('Apollo Client', () => {
  function apollo(link: ConstructorParameters<typeof ApolloClient>[0]['link']): ApolloClient {
    return new ApolloClient({ cache: new InMemoryCache(), link });
  }

  async function getsEvents(client: ApolloClient): Promise<void> {
    const received: unknown[] = [];
    const subscription = client.subscribe({ query: gql(SUBSCRIPTION) }).subscribe({
      next: ({ data }) => void received.push(data),
      error: (error: unknown) => void received.push(error),
    });
    await until('the subscription', () => prices.live() === 1);
    prices.publish('a', { id: '1', amount: 1 });
    prices.publish('a', { id: '1', amount: 2 });
    await until('two events', () => received.length === 2);
    expect(received).toMatchObject([1, 2].map((amount) => ({ priceChanged: { id: '1', amount } })));
    subscription.unsubscribe();
    await untilReleased();
  }

  test('subscribes over WebSocket and queries over HTTP by its split link', async () => {
    const webSocket = webSocketClient(gateway);
    const client = apollo(
      split(
        ({ query }) => isSubscription(query),
        new GraphQLWsLink(webSocket),
        new HttpLink({ uri: `${gateway.url}/graphql` }),
      ),
    );
    await getsEvents(client);
    const { data } = await client.query({ query: gql('{ price(id: "1") { amount } }') });
    expect(data).toMatchObject({ price: { amount: 1 } });
    await webSocket.dispose();
  });

  test('subscribes over HTTP, by multipart', async () => {
    await getsEvents(apollo(new HttpLink({ uri: `${gateway.url}/graphql` })));
  });

  function isSubscription(query: Parameters<typeof getMainDefinition>[0]): boolean {
    const definition = getMainDefinition(query);
    return definition.kind === Kind.OPERATION_DEFINITION && definition.operation === OperationTypeNode.SUBSCRIPTION;
  }
});

test("graphql-sse's client gets events until it stops, and the subgraph is let go then", async () => {
  const client = createSseClient({ url: `${gateway.url}/graphql`, singleConnection: false, retryAttempts: 0 });
  const received: unknown[] = [];
  const stop = client.subscribe(
    { query: SUBSCRIPTION },
    { next: (result) => void received.push(result), error: (error) => void received.push(error), complete() {} },
  );
  await until('the subscription', () => prices.live() === 1);
  for (const amount of [1, 2]) prices.publish('a', { id: '1', amount });
  await until('two events', () => received.length === 2);
  expect(received).toEqual([1, 2].map(event));
  stop();
  await untilReleased();
  client.dispose();
});

test('over HTTP, a subscription ends as it does in its protocol when the subgraph has no more events', async () => {
  const [sse, multipart] = await Promise.all([
    ask('text/event-stream'),
    ask('multipart/mixed;subscriptionSpec=1.0, application/json'),
  ]);
  expect(sse.headers.get('content-type')).toBe('text/event-stream');
  expect(multipart.headers.get('content-type')).toBe('multipart/mixed;boundary="graphql";subscriptionSpec=1.0');
  await until('one subscription for both', () => prices.live() === 1);
  prices.publish('a', { id: '1', amount: 1 });
  prices.complete('a');
  expect(await sse.text()).toBe(`:\n\nevent: next\ndata: ${JSON.stringify(event(1))}\n\nevent: complete\ndata:\n\n`);
  expect(await multipart.text()).toBe(
    ['{}', `{"payload":${JSON.stringify(event(1))}}`]
      .map((part) => `\r\n--graphql\r\ncontent-type: application/json\r\n\r\n${part}`)
      .join('') + '\r\n--graphql--\r\n',
  );
});

test.each([
  'application/json',
  'application/graphql-response+json',
  'multipart/mixed',
  'text/event-stream;q=0',
  'multipart/mixed;deferSpec=20220824, application/json',
])('a subscription is refused with 406 before anything is opened, when the client accepts %s', async (accept) => {
  const opened = prices.opened();
  const response = await ask(accept);
  expect(response.status).toBe(406);
  await response.text();
  expect(prices.opened()).toBe(opened);
});
