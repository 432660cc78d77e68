import { afterAll, beforeAll, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../../harness/gateway.ts';
import { startIdentityProvider, type IdentityProvider } from '../../harness/identity-provider.ts';
import { startCallerSubgraph, type CallerSubgraph } from './caller-subgraph.ts';
import { providerEnvironment } from './environment.ts';
import { bearer, openSocket, WAYS, type HeaderFields } from './ways.ts';

const CONFIG = new URL('gateway.config.ts', import.meta.url).pathname;

let provider: IdentityProvider;
let subgraph: CallerSubgraph;
/** Its WebSockets are the CLI's own. */
let gateway: TestGateway;

beforeAll(async () => {
  [provider, subgraph] = await Promise.all([startIdentityProvider(), startCallerSubgraph()]);
  gateway = await startGateway({
    subgraphs: [subgraph],
    config: CONFIG,
    env: {
      ...subgraph.env,
      ...providerEnvironment(provider),
      SERVER: 'off',
      AUTHENTICATION: JSON.stringify({ cookie: 'session' }),
    },
  });
});

afterAll(async () => {
  await Promise.all([gateway, provider, subgraph].map((server) => server?.[Symbol.asyncDispose]()));
});

/** What one subscription is answered, on a socket of its own. */
async function subscribe(headers: HeaderFields, payload: object): Promise<unknown> {
  const socket = await openSocket(gateway, headers);
  try {
    socket.send({ type: 'connection_init', payload });
    await socket.next();
    socket.send({ type: 'subscribe', id: '1', payload: { query: 'subscription { caller }' } });
    return (await socket.next())?.payload;
  } finally {
    socket.end();
  }
}

test.each(Object.entries(WAYS))(
  'authentication works without the plugin that serves WebSockets: over %s',
  async (_, ask) => {
    expect((await ask(gateway, bearer(await provider.jwt()))).caller).toMatchObject({ method: 'jwt' });
    expect((await ask(gateway, {})).caller).toMatchObject({ method: 'none' });
  },
);

test('an operation with a wrong credential is refused, and nothing is executed', async () => {
  const executed = subgraph.seen.length;
  const wrong = bearer('wrong');
  for (const [headers, payload] of [
    [wrong, {}],
    [{}, wrong],
    [bearer(await provider.jwt()), wrong],
  ] as const) {
    expect(await subscribe(headers, payload)).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
  }
  expect(subgraph.seen).toHaveLength(executed);
});

test('a cookie is nothing where nobody looks at origins', async () => {
  const cookie = `session=${await provider.sign({ sub: 'who-has-the-cookie' })}`;
  const answer = await subscribe({ cookie, origin: 'https://evil.example' }, {});
  expect(JSON.stringify(answer)).not.toContain('who-has-the-cookie');
});
