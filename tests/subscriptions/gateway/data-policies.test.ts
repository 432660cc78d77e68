import { afterAll, beforeAll, expect, test } from 'vitest';
import { providerEnvironment } from '../../authentication/gateway/environment.ts';
import { startAuthZen, type AuthZenServer } from '../../harness/authzen-server.ts';
import { startGateway, type TestGateway } from '../../harness/gateway.ts';
import { startIdentityProvider, type IdentityProvider } from '../../harness/identity-provider.ts';
import { until } from '../../harness/until.ts';
import { startEventSubgraph, type EventSubgraph } from './event-subgraph.ts';
import { openClient } from './transports.ts';

const CONFIG = new URL('gateway.config.ts', import.meta.url).pathname;

const SDL = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@policy"])
  type Query { price(id: ID!): Price }
  type Subscription { priceChanged(topic: String! = "a"): Price }
  type Price @key(fields: "id") @policy(policies: [["own"]]) { id: ID! amount: Int tenant: String }
`;
const OWN = `permit(principal, action, resource)
when { resource has resource && resource.resource.tenant == principal.claims.tenant };`;

let provider: IdentityProvider;
let engine: AuthZenServer;
let prices: EventSubgraph;
let gateway: TestGateway;

beforeAll(async () => {
  [provider, engine, prices] = await Promise.all([
    startIdentityProvider(),
    startAuthZen(OWN),
    startEventSubgraph('prices', SDL),
  ]);
  gateway = await startGateway({
    subgraphs: [prices],
    config: CONFIG,
    env: {
      ...providerEnvironment(provider),
      AUTHZEN_URL: engine.url,
      POLICY: JSON.stringify({ needs: { own: 'tenant' } }),
    },
  });
});

afterAll(async () => {
  await Promise.all([gateway, prices, engine, provider].map((server) => server?.[Symbol.asyncDispose]()));
});

test('a policy that looks at data is asked about each event, and who may not see an event hears nothing of it', async () => {
  const query = 'subscription { priceChanged { id amount } }';
  const clients = await Promise.all(
    ['red', 'blue'].map(async (tenant) => {
      const authorization = `Bearer ${await provider.sign({ sub: tenant, tenant })}`;
      return openClient('ws', gateway.url, query, { authorization });
    }),
  );
  await until('one subscription for both', () => prices.live() === 1);
  for (const [index, tenant] of ['red', 'blue', 'red', 'green', 'blue'].entries()) {
    prices.publish('a', { id: `${index}`, amount: index, tenant });
  }
  await until('the events', () => clients.every(({ events }) => events.length === 2));
  const event = (index: number) => ({ data: { priceChanged: { id: `${index}`, amount: index } } });
  expect(clients.map(({ events }) => events)).toEqual([
    [event(0), event(2)],
    [event(1), event(4)],
  ]);
  expect(JSON.stringify(clients)).not.toContain('tenant');
  for (const client of clients) client.close();
  await until('the subscription to be released', () => prices.live() === 0);
});
