import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startDemoSubgraphs, type RunningDemo } from '../../subgraphs/index.ts';
import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { JWT_RESOURCE, startIdentityProvider, type IdentityProvider } from '../harness/identity-provider.ts';
import { firstEvent } from '../subgraphs/first-event.ts';

// The running gateway with the demo's schemas, which have each of the directives.

let demo: RunningDemo;
let provider: IdentityProvider;
let gateway: TestGateway;

beforeAll(async () => {
  [demo, provider] = await Promise.all([startDemoSubgraphs({ ports: 'free' }), startIdentityProvider()]);
  gateway = await startGateway({
    subgraphs: demo.subgraphs,
    env: { JWT_ISSUER: provider.issuer, JWT_AUDIENCE: JWT_RESOURCE, JWKS_URI: provider.jwksUri },
  });
});

afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await Promise.all([provider?.[Symbol.asyncDispose](), demo?.close()]);
});

const tokenFor = (scope: string) => provider.sign({ sub: 'ada', client_id: 'app', scope });

async function post(query: string, token?: string): Promise<{ status: number; text: string }> {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...authorization },
    body: JSON.stringify({ query }),
  });
  return { status: response.status, text: await response.text() };
}

const forbidden = (...path: (string | number)[]) => ({
  message: 'You may not see this field.',
  path,
  extensions: { code: 'UNAUTHORIZED_FIELD_OR_TYPE' },
});

const USER = '{ user(id: "1") { username email address { city } taxId } }';

test.each([
  ['nobody', undefined, ['email', 'address', 'taxId']],
  ['somebody without scopes', '', ['address', 'taxId']],
  ['somebody with the scope', 'accounts:read', ['taxId']],
])('%s is answered what it may see, with an error for each field that it may not', async (_, scope, hidden) => {
  const { status, text } = await post(USER, scope === undefined ? undefined : await tokenFor(scope));
  expect(status).toBe(200);
  const { data, errors } = JSON.parse(text) as { data: { user: Record<string, unknown> }; errors: unknown[] };
  const { username, ...rest } = data.user;
  expect(username).toEqual(expect.any(String));
  for (const [field, value] of Object.entries(rest)) expect(value === null, field).toBe(hidden.includes(field));
  expect(errors).toEqual(hidden.map((field) => forbidden('user', field)));
});

test('equal queries of callers who may see different things never share an answer', async () => {
  const tokens = await Promise.all(['accounts:read', 'other', ''].map(tokenFor));
  const answers = await Promise.all(
    Array.from({ length: 60 }, async (_, index) => (await post(USER, tokens[index % 3])).text.includes('"city"')),
  );
  expect(answers).toEqual(answers.map((_, index) => index % 3 === 0));
});

test('the events of a subscription hold what its caller may see, and no more', async () => {
  const client = createClient({
    url: `${gateway.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${await tokenFor('')}` },
  });
  try {
    const events = client.iterate({ query: 'subscription { stockChanged(upc: "1") { upc name costPrice } }' });
    const event = await firstEvent(events, () => post('mutation { setStock(upc: "1", quantity: 7) { upc } }'));
    expect(event).toEqual({
      data: { stockChanged: { upc: '1', name: expect.any(String), costPrice: null } },
      errors: [forbidden('stockChanged', 'costPrice')],
    });
  } finally {
    await client.dispose();
  }
});
