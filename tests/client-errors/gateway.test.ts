import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { JWT_RESOURCE, startIdentityProvider, type IdentityProvider } from '../harness/identity-provider.ts';
import { federated, startSubgraph, type TestSubgraph } from '../harness/subgraph.ts';

const SDL = federated(`
  type Query { secretUser: SecretUser }
  type SecretUser @key(fields: "secretId") { secretId: ID! secretFriend: SecretUser! }
  type Subscription { secretEvent: SecretUser }
`);

let subgraph: TestSubgraph;
let provider: IdentityProvider;
let gateway: TestGateway;
let known: string;
beforeAll(async () => {
  [subgraph, provider] = await Promise.all([
    startSubgraph('secrets', SDL, {
      Query: { secretUser: () => ({ secretId: '1' }) },
      SecretUser: { __resolveReference: (of: object) => of, secretFriend: () => null },
    }),
    startIdentityProvider(),
  ]);
  gateway = await startGateway({
    subgraphs: [subgraph],
    config: new URL('gateway.config.ts', import.meta.url).pathname,
    env: {
      JWKS_URI: provider.jwksUri,
      JWT_ISSUER: provider.issuer,
      JWT_AUDIENCE: JWT_RESOURCE,
    },
  });
  known = `Bearer ${await provider.sign({ sub: 'somebody' })}`;
}, 90_000);
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await provider?.[Symbol.asyncDispose]();
  await subgraph?.[Symbol.asyncDispose]();
});

interface Answer {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly { message: string; extensions?: { code?: string } }[];
}
type Ask = (query: string, authorization?: string) => Promise<Answer>;

const transports: readonly (readonly [string, Ask])[] = [
  ['HTTP', async (query, authorization) => sent({ query, authorization, accept: 'application/json' })],
  ['server-sent events', async (query, authorization) => sent({ query, authorization, accept: 'text/event-stream' })],
  [
    'a WebSocket',
    async (query, authorization) => {
      const client = createClient({
        url: `${gateway.url.replace('http', 'ws')}/graphql`,
        webSocketImpl: WebSocket,
        connectionParams: authorization ? { authorization } : {},
      });
      try {
        for await (const result of client.iterate({ query })) return result as Answer;
        return {};
      } catch (errors) {
        return { errors: errors as NonNullable<Answer['errors']> };
      } finally {
        await client.dispose();
      }
    },
  ],
];

interface Sent {
  readonly query: string;
  readonly authorization: string | undefined;
  readonly accept: string;
}

async function sent({ query, authorization, accept }: Sent): Promise<Answer> {
  const response = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept, ...(authorization && { authorization }) },
    body: JSON.stringify({ query }),
  });
  const body = await response.text();
  return JSON.parse(/^data: (.+)$/m.exec(body)?.[1] ?? body) as Answer;
}

describe.each(transports)('over %s', (name, ask) => {
  test.each([
    '{ __schema { types { name } } }',
    '{ __type(name: "SecretUser") { fields { name } } }',
    '{ a: __schema { b: types { c: name } } }',
    '{ ...F } fragment F on Query { x: __type(name: "SecretUser") { name } }',
    '{ ... on Query { ... { y: __schema { queryType { name } } } } }',
    '{ secretUser { secretId } z: __schema { description } }',
  ])('who calls without a credential is not shown the schema: %s', async (query) => {
    const { data, errors } = await ask(query);
    expect(data ?? null).toBeNull();
    expect(errors?.[0]?.extensions?.code).toBe('UNAUTHENTICATED');
    expect(JSON.stringify(errors)).not.toMatch(/secret/i);
  });

  test('who has one is', async () => {
    const { data } = await ask('{ a: __type(name: "SecretUser") { name } }', known);
    expect(data).toEqual({ a: { name: 'SecretUser' } });
  });

  test.each([
    ['{ secretUse }', 'Cannot query field "secretUse".'],
    ['{ secretUser { secretI } }', 'Cannot query field "secretI".'],
    ['subscription { secretEven }', 'Cannot query field "secretEven".'],
  ])('who calls without a credential learns no name from an error: %s', async (query, message) => {
    const { errors } = await ask(query);
    expect(errors?.map((error) => error.message)).toEqual([message]);
  });

  test.each([
    ['{ secretUser { secretFriend { secretId } } }', '{"secretUser":{"secretFriend":null}}'],
    ['subscription { secretEvent { secretFriend { secretId } } }', '{"secretEvent":{"secretFriend":null}}'],
  ])('nor from what a subgraph did wrong: %s', async (query, data) => {
    // Only server-sent events and WebSockets have subscriptions.
    if (query.startsWith('subscription') && name === 'HTTP') return;
    subgraph.break((request, response) => {
      const isStream = request.headers.accept?.includes('text/event-stream') && query.startsWith('subscription');
      response.setHeader('content-type', isStream ? 'text/event-stream' : 'application/json');
      response.end(isStream ? `event: next\ndata: {"data":${data}}\n\nevent: complete\ndata:\n\n` : `{"data":${data}}`);
    });
    try {
      for (const [authorization, message] of [
        [undefined, 'Cannot return null for non-nullable field: secretFriend.'],
        [known, 'Cannot return null for non-nullable field: SecretUser.secretFriend.'],
      ] as const) {
        expect((await ask(query, authorization)).errors?.map((error) => error.message)).toEqual([message]);
      }
    } finally {
      subgraph.break(undefined);
    }
  });

  test('who has one is helped with names', async () => {
    const { errors } = await ask('{ secretUse }', known);
    expect(errors?.[0]?.message).toBe('Cannot query field "secretUse" on type "Query". Did you mean "secretUser"?');
  });

  test.each(['{ _service { sdl } }', '{ _entities(representations: []) { __typename } }'])(
    'nobody asks the gateway what is for gateways to ask: %s',
    async (query) => {
      const calls = subgraph.calls.length;
      const { data, errors } = await ask(query, known);
      expect(data ?? null).toBeNull();
      expect(errors?.[0]?.message).toMatch(/^Cannot query field "_(service|entities)" on type "Query"\.$/);
      expect(subgraph.calls.length).toBe(calls);
    },
  );
});
