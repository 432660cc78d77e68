import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { providerEnvironment } from '../../authentication/gateway/environment.ts';
import { startAuthZen, type AuthZenServer } from '../../harness/authzen-server.ts';
import { startGateway, type TestGateway } from '../../harness/gateway.ts';
import { startIdentityProvider, type IdentityProvider } from '../../harness/identity-provider.ts';
import { until } from '../../harness/until.ts';
import { startEventSubgraph, type EventSubgraph } from './event-subgraph.ts';
import { openClient, type OpenClient } from './transports.ts';

const CONFIG = new URL('gateway.config.ts', import.meta.url).pathname;

const SDL = `
  extend schema @link(
    url: "https://specs.apollo.dev/federation/v2.9"
    import: ["@key", "@authenticated", "@requiresScopes", "@policy"]
  )
  type Query { price(id: ID!): Price }
  type Subscription {
    priceChanged(topic: String! = "a"): Price
    failing: Price @authenticated
  }
  type Price @key(fields: "id") {
    id: ID!
    amount: Int @policy(policies: [["open"]])
    tenant: String
    secret: String @requiresScopes(scopes: [["secrets"]])
  }
`;
const ALLOW = 'permit(principal, action, resource);';
const DENY = 'forbid(principal, action, resource);';
const WITHHELD = 'UNAUTHORIZED_FIELD_OR_TYPE';

let provider: IdentityProvider;
let engine: AuthZenServer;
let prices: EventSubgraph;
let gateway: TestGateway;
const clients: OpenClient[] = [];

beforeAll(async () => {
  [provider, engine, prices] = await Promise.all([
    startIdentityProvider(),
    startAuthZen(ALLOW),
    startEventSubgraph('prices', SDL),
  ]);
  gateway = await startGateway({
    subgraphs: [prices],
    config: CONFIG,
    env: { ...providerEnvironment(provider), AUTHZEN_URL: engine.url, POLICY: JSON.stringify({ ttl: 200 }) },
  });
});

afterAll(async () => {
  await Promise.all([gateway, prices, engine, provider].map((server) => server?.[Symbol.asyncDispose]()));
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  engine.decideBy(ALLOW);
  await until('the subscriptions to be released', () => prices.live() === 0);
});

async function bearer(claims: Record<string, unknown>): Promise<{ readonly authorization: string }> {
  return { authorization: `Bearer ${await provider.sign({ sub: 'ada', ...claims })}` };
}

async function subscribe(fields: string, claims: Record<string, unknown> = {}): Promise<OpenClient> {
  const client = openClient('ws', gateway.url, `subscription { priceChanged { ${fields} } }`, await bearer(claims));
  clients.push(client);
  await until('the subscription', () => prices.live() >= clients.length);
  return client;
}

/** Publishes until an event is as it should be. */
async function untilEvent(
  client: OpenClient,
  isWanted: (event: OpenClient['events'][number]) => boolean,
): Promise<void> {
  await until('the event', () => {
    prices.publish('a', { id: '1', amount: 5, secret: 'x', tenant: 'red' });
    const last = client.events.at(-1);
    return last !== undefined && isWanted(last);
  });
}

const hasError = (event: OpenClient['events'][number]): boolean => event.errors?.[0]?.extensions?.code === WITHHELD;

test('who may not see the subscription is told so at once, and the subgraph is not asked', async () => {
  const opened = prices.opened();
  const client = openClient('ws', gateway.url, 'subscription { failing { id } }');
  clients.push(client);
  await until('the refusal', () => client.ends.length > 0);
  expect(client.ends).toEqual([`error ${WITHHELD}`]);
  expect(prices.opened()).toBe(opened);
});

test('a field that may no longer be seen after the token was renewed is null with an error in the next event', async () => {
  const client = await subscribe('id secret', { scope: 'secrets' });
  await untilEvent(client, ({ data }) => JSON.stringify(data).includes('"x"'));
  client.send({ type: 'ping', payload: await bearer({ scope: 'other' }) });
  await untilEvent(client, hasError);
  const after = client.events.slice(client.events.findIndex(hasError));
  expect(after.length).toBeGreaterThan(0);
  for (const event of after) {
    expect(event).toMatchObject({
      data: { priceChanged: { id: '1', secret: null } },
      errors: [{ path: ['priceChanged', 'secret'] }],
    });
  }
});

test('what a policy says is asked again when its time is over: a field is null from then on, and comes back', async () => {
  const client = await subscribe('id amount');
  await untilEvent(client, ({ data }) => JSON.stringify(data).includes('"amount":5'));
  engine.decideBy(DENY);
  await untilEvent(client, hasError);
  expect(client.events.at(-1)).toMatchObject({ data: { priceChanged: { id: '1', amount: null } } });
  engine.decideBy(ALLOW);
  await untilEvent(client, (event) => !hasError(event));
  expect(client.events.at(-1)).toMatchObject({ data: { priceChanged: { id: '1', amount: 5 } } });
  expect(client.ends).toEqual([]);
});

test('clients that may see different things of the same share what they may both see, and none sees more', async () => {
  const one = await subscribe('id secret', { scope: 'secrets' });
  const other = await subscribe('id secret', { sub: 'grace' });
  prices.publish('a', { id: '1', amount: 5, secret: 'x' });
  await until('the events', () => one.events.length === 1 && other.events.length === 1);
  expect(one.events).toEqual([{ data: { priceChanged: { id: '1', secret: 'x' } } }]);
  expect(other.events).toMatchObject([{ data: { priceChanged: { id: '1', secret: null } } }]);
  expect(JSON.stringify(other.events)).not.toContain('"x"');
});
