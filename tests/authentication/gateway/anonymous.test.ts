import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Webhook } from 'standardwebhooks';
import { startGateway, type TestGateway } from '../../harness/gateway.ts';
import { startIdentityProvider, type IdentityProvider } from '../../harness/identity-provider.ts';
import { startCallerSubgraph, type CallerSubgraph } from './caller-subgraph.ts';
import { providerEnvironment } from './environment.ts';
import { bearer, post, WAYS, type Answer, type HeaderFields } from './ways.ts';

const CONFIG = new URL('gateway.config.ts', import.meta.url).pathname;
const WEBHOOK_SECRET = Buffer.from('a secret of the tests, and of nothing else').toString('base64');
const BEARER_WANTED = 'Bearer realm="gatehouse"';
const SCHEMA_QUERIES = [
  '{ __schema { queryType { name } } }',
  '{ caller __type(name: "Query") { name } }',
  'query { ...schema } fragment schema on Query { ... { alias: __schema { types { name } } } }',
];

let provider: IdentityProvider;
let subgraph: CallerSubgraph;
let token: HeaderFields;
/** Let nobody in without a credential, and show nobody the schema. */
let closed: TestGateway;
/** Lets everybody in, and shows the schema to those with a credential. */
let open: TestGateway;

beforeAll(async () => {
  [provider, subgraph] = await Promise.all([startIdentityProvider(), startCallerSubgraph()]);
  const start = (authentication: object) =>
    startGateway({
      subgraphs: [subgraph],
      config: CONFIG,
      env: {
        ...subgraph.env,
        ...providerEnvironment(provider),
        WEBHOOK_SECRET,
        AUTHENTICATION: JSON.stringify(authentication),
      },
    });
  [closed, open] = await Promise.all([
    start({ anonymous: 'deny', schemaIntrospection: 'deny' }),
    start({ anonymous: 'allow', schemaIntrospection: 'authenticated' }),
  ]);
  token = bearer(await provider.jwt());
});

afterAll(async () => {
  await Promise.all([closed, open, provider, subgraph].map((server) => server?.[Symbol.asyncDispose]()));
});

describe('where a credential is needed', () => {
  test.each(Object.entries(WAYS))(
    'nobody is let in without one over %s, and is told what to bring',
    async (way, ask) => {
      const executed = subgraph.seen.length;
      const { status, code, headers } = await ask(closed, {});
      if (way.startsWith('WebSocket')) expect(status).toBe(4401);
      // RFC 6750, section 3: without a credential, there is nothing to say of an error.
      else expect([status, code, headers['www-authenticate']]).toEqual([401, 'UNAUTHENTICATED', BEARER_WANTED]);
      expect(subgraph.seen).toHaveLength(executed);
    },
  );

  test.each(Object.entries(WAYS))('whoever has one is let in over %s', async (_, ask) => {
    expect(await ask(closed, token)).toMatchObject({ status: 200, caller: { sub: 'gateway' } });
  });

  test('a request that is no GraphQL is refused before it is read', async () => {
    for (const body of ['', '{', '[]', '{"query":"{"}']) {
      const response = await fetch(`${closed.url}/graphql`, { method: 'POST', body });
      expect(response.status).toBe(401);
      await response.body?.cancel();
    }
    expect((await fetch(`${closed.url}/graphql?query={caller}`)).status).toBe(401);
  });

  test.each(['/health', '/health/live', '/health/ready'])(
    '%s needs none, and a wrong one is nothing to it',
    async (path) => {
      expect(await closed.status(path)).toBe(200);
      expect((await fetch(closed.url + path, { headers: bearer('wrong') })).status).toBe(200);
    },
  );

  test('webhooks need their signature and no credential', async () => {
    const body = JSON.stringify({ subgraph: subgraph.name });
    const send = (signature: string, id: string, at: Date) =>
      fetch(`${closed.url}/webhooks/schema`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'webhook-id': id,
          'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
          'webhook-signature': signature,
        },
        body,
      });
    const now = new Date();
    expect((await send(new Webhook(WEBHOOK_SECRET).sign('1', now, body), '1', now)).ok).toBe(true);
    expect((await send('v1,wrong', '2', now)).status).toBe(401);
  });
});

describe('the schema', () => {
  const ask = (gateway: TestGateway, query: string, credential: HeaderFields): Promise<Answer> =>
    post(gateway, query, 'application/json', credential);

  test.each(SCHEMA_QUERIES)('is shown to whoever has a credential, where it takes one: %s', async (query) => {
    const executed = subgraph.seen.length;
    expect(await ask(open, query, {})).toMatchObject({
      status: 401,
      code: 'UNAUTHENTICATED',
      headers: { 'www-authenticate': BEARER_WANTED },
    });
    expect(subgraph.seen).toHaveLength(executed);
    expect(await ask(open, query, token)).toMatchObject({ status: 200, code: undefined });
  });

  test.each(SCHEMA_QUERIES)('is shown to nobody, where it is denied: %s', async (query) => {
    const executed = subgraph.seen.length;
    expect(await ask(closed, query, token)).toMatchObject({ status: 403, code: 'FORBIDDEN' });
    expect(subgraph.seen).toHaveLength(executed);
  });

  test('a field called __typename is no question for it', async () => {
    for (const gateway of [open, closed]) {
      expect(await ask(gateway, '{ __typename caller }', token)).toMatchObject({ status: 200, code: undefined });
    }
  });
});
