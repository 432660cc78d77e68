import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startCallerSubgraph, type CallerSubgraph } from '../authentication/gateway/caller-subgraph.ts';
import { providerEnvironment } from '../authentication/gateway/environment.ts';
import { askOverHttp, bearer, openSocket, type HeaderFields, type TestSocket } from '../authentication/gateway/ways.ts';
import { hang, json, startAnswering, type AnsweringServer } from '../authentication/jwt/answering-server.ts';
import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { startIdentityProvider, type IdentityProvider } from '../harness/identity-provider.ts';
import { until } from '../harness/until.ts';

const CONFIG = new URL('gateway.config.ts', import.meta.url).pathname;
const OURS = 'https://app.example';
const MAX_MESSAGE_BYTES = 4_096;
const NOT_ACTIVE = json({ active: false });
const QUERY = '{ caller }';
const SUBSCRIPTION = 'subscription { caller }';
const ADA = { sub: 'ada', kind: 'user', method: 'jwt', scope: '' };

let provider: IdentityProvider;
let introspection: AnsweringServer;
let subgraph: CallerSubgraph;
let gateway: TestGateway;

beforeAll(async () => {
  [provider, introspection, subgraph] = await Promise.all([
    startIdentityProvider(),
    startAnswering(NOT_ACTIVE),
    startCallerSubgraph(),
  ]);
  gateway = await startGateway({
    subgraphs: [subgraph],
    config: CONFIG,
    env: {
      ...subgraph.env,
      ...providerEnvironment(provider),
      INTROSPECTION_ENDPOINT: introspection.url,
      AUTHENTICATION: JSON.stringify({ cookie: 'session', trustedProxies: ['127.0.0.1'] }),
      SERVER: JSON.stringify({ origins: [OURS], connectionInitTimeout: 400, maxMessageBytes: MAX_MESSAGE_BYTES }),
    },
  });
});

afterAll(async () => {
  await Promise.all([gateway, provider, introspection, subgraph].map((server) => server?.[Symbol.asyncDispose]()));
});

beforeEach(() => {
  introspection.answerWith(NOT_ACTIVE);
  subgraph.seen.length = 0;
});

const tokenOfAda = (): Promise<string> => provider.sign({ sub: 'ada' });

async function using<Result>(headers: HeaderFields, use: (socket: TestSocket) => Promise<Result>): Promise<Result> {
  const socket = await openSocket(gateway, headers);
  try {
    return await use(socket);
  } finally {
    socket.end();
  }
}

/** `connection_ack`, or the code that the socket is closed with. */
function connect(headers: HeaderFields, payload?: unknown): Promise<string | number> {
  return using(headers, async (socket) => {
    socket.send({ type: 'connection_init', payload });
    return (await socket.next())?.type ?? socket.closed;
  });
}

/** What one operation of a new socket is answered. */
function ask(query: string, headers: HeaderFields, payload: unknown): Promise<unknown> {
  return using(headers, async (socket) => {
    socket.send({ type: 'connection_init', payload });
    expect(await socket.next()).toEqual({ type: 'connection_ack' });
    return operate(socket, query);
  });
}

async function operate(socket: TestSocket, query: string, id = '1'): Promise<unknown> {
  socket.send({ type: 'subscribe', id, payload: { query } });
  const message = await socket.next();
  expect((await socket.next())?.type).toBe('complete');
  const { data } = (message?.payload ?? {}) as { data?: { caller?: string } };
  return JSON.parse(data?.caller ?? 'null');
}

describe('what a client writes into connection_init', () => {
  const CANARY = 'canary-71c3';
  const written = {
    'x-user': CANARY,
    'x-forwarded-for': '192.0.2.77',
    'gatehouse-principal': CANARY,
    host: `${CANARY}.example`,
    cookie: `session=${CANARY}`,
    traceparent: `00-${CANARY}`,
    headers: { 'x-user': CANARY, 'gatehouse-principal': CANARY },
    request: { headers: { 'x-user': CANARY } },
    principal: { id: CANARY, kind: 'user' },
    req: CANARY,
    __proto__: { principal: CANARY },
  };

  test.each([QUERY, SUBSCRIPTION])(
    'neither changes what the gateway knows nor reaches a subgraph: %s',
    async (query) => {
      const authorization = `Bearer ${await tokenOfAda()}`;
      expect(await ask(query, { 'x-user': 'of the upgrade' }, { ...written, authorization })).toEqual(ADA);
      const [seen] = subgraph.seen;
      const known = Buffer.from(String(seen?.headers['x-context']), 'base64url').toString();
      expect(JSON.parse(known)).toMatchObject({ 'x-user': 'of the upgrade', host: new URL(gateway.url).host });
      expect(known + JSON.stringify(seen)).not.toMatch(/canary|192\.0\.2\.77|Bearer/);
    },
  );

  test('says nothing of where the client is', async () => {
    expect(await connect({ 'x-forwarded-for': '198.51.100.1' }, { ...written, authorization: 'Bearer wrong' })).toBe(
      4401,
    );
    await until('the refusal in the log', () => gateway.log().includes('198.51.100.1'));
    expect(gateway.log()).not.toContain('192.0.2.77');
  });
});

describe('a credential', () => {
  test.each<[string, (authorization: string) => object]>([
    ['authorization', (authorization) => ({ authorization })],
    ['Authorization', (authorization) => ({ Authorization: authorization })],
    ['headers.authorization', (authorization) => ({ headers: { authorization } })],
    ['headers.AUTHORIZATION', (authorization) => ({ headers: { AUTHORIZATION: authorization } })],
  ])('is found in connection_init as %s', async (_, payload) => {
    expect(await ask(QUERY, {}, payload(`Bearer ${await tokenOfAda()}`))).toEqual(ADA);
  });

  test.each<[string, (authorization: string) => [upgrade: HeaderFields, payload: object]]>([
    ['in the upgrade and in connection_init', (authorization) => [{ authorization }, { authorization }]],
    [
      'in the upgrade, and something else in connection_init',
      (authorization) => [{ authorization }, { 'x-api-key': '' }],
    ],
    ['twice in connection_init', (authorization) => [{}, { authorization, headers: { authorization } }]],
    ['in two spellings', (authorization) => [{}, { authorization, Authorization: authorization }]],
    ['beside an API key', (authorization) => [{}, { authorization, headers: { 'X-API-Key': 'gh_' } }]],
    ['as a list', (authorization) => [{}, { authorization: [authorization] }]],
  ])('is refused with 4401 %s', async (_, places) => {
    expect(await connect(...places(`Bearer ${await tokenOfAda()}`))).toBe(4401);
  });
});

describe('a cookie', () => {
  const cookie = async () => ({ cookie: `theme=dark; session=${await tokenOfAda()}; other=1` });

  test('lets in a page of ours, and what is no browser', async () => {
    for (const headers of [{ origin: OURS }, {}])
      expect(await ask(QUERY, { ...headers, ...(await cookie()) }, {})).toEqual(ADA);
  });

  test('is not taken when it is wrong, nor when another credential is', async () => {
    expect(await connect({ origin: OURS, cookie: 'session=wrong' })).toBe(4401);
    expect(await connect({ origin: OURS, ...(await cookie()) }, { authorization: 'Bearer wrong' })).toBe(4401);
  });

  test('is nothing over HTTP', async () => {
    expect((await askOverHttp(gateway, await cookie())).caller).toMatchObject({ kind: 'anonymous' });
  });
});

test.each([
  'https://evil.example',
  'http://app.example',
  'https://app.example:8443',
  'https://app.example.evil.example',
  'null',
  '',
])('a page of the origin "%s" is sent away with 4403, whatever it brings', async (origin) => {
  const token = bearer(await tokenOfAda());
  expect(await connect({ origin })).toBe(4403);
  expect(await connect({ origin, ...token })).toBe(4403);
  expect(await connect({ origin }, token)).toBe(4403);
});

describe('before connection_ack', () => {
  test('no operation runs: 4401', async () => {
    const operation = { type: 'subscribe', id: '1', payload: { query: QUERY } };
    await using({}, async (socket) => {
      socket.send(operation);
      expect(await socket.closed).toBe(4401);
    });
    await using({}, async (socket) => {
      introspection.answerWith(hang);
      socket.send({ type: 'connection_init', payload: bearer('an-opaque-token') });
      socket.send(operation);
      expect(await socket.closed).toBe(4401);
    });
    expect(subgraph.seen).toEqual([]);
  });

  test('a client that says nothing is cut off in time: 4408', async () => {
    const at = performance.now();
    expect(await using({}, (socket) => socket.closed)).toBe(4408);
    expect(performance.now() - at).toBeGreaterThan(350);
  });

  test('a client that says something else does not gain time: 4408', async () => {
    const code = await using({}, async (socket) => {
      const timer = setInterval(() => socket.send({ type: 'ping' }), 50);
      return socket.closed.finally(() => clearInterval(timer));
    });
    expect(code).toBe(4408);
  });

  test('only one connection_init is taken: 4429', async () => {
    await using({}, async (socket) => {
      for (let time = 0; time < 2; time++) socket.send({ type: 'connection_init' });
      expect(await socket.closed).toBe(4429);
    });
  });
});

test('a message larger than maxMessageBytes ends the socket: 1009', async () => {
  const fits = ' '.repeat(MAX_MESSAGE_BYTES - 200);
  expect(await ask(QUERY + fits, {}, {})).toMatchObject({ kind: 'anonymous' });
  subgraph.seen.length = 0;
  await using({}, async (socket) => {
    socket.send({ type: 'connection_init' });
    await socket.next();
    socket.send({ type: 'subscribe', id: '1', payload: { query: QUERY + ' '.repeat(MAX_MESSAGE_BYTES) } });
    expect(await socket.closed).toBe(1009);
  });
  expect(subgraph.seen).toEqual([]);
});

test('whose credential has ended starts no further operation: 4401', async () => {
  const exp = Math.ceil(Date.now() / 1_000) + 1;
  const token = await provider.sign({ sub: 'ada', exp });
  await using({}, async (socket) => {
    socket.send({ type: 'connection_init', payload: bearer(token) });
    await socket.next();
    expect(await operate(socket, QUERY)).toEqual(ADA);
    await until('the token to end', () => Date.now() > exp * 1_000);
    for (const [id, query] of [QUERY, SUBSCRIPTION, 'mutation { caller }'].entries()) {
      socket.send({ type: 'subscribe', id: String(id), payload: { query } });
    }
    expect(await socket.closed).toBe(4401);
  });
  expect(subgraph.seen).toHaveLength(1);
});

test('text that is no message ends the socket and nothing else: 4400', async () => {
  for (const text of [
    '',
    'null',
    '{',
    '[]',
    '{"type":"subscribe"}',
    '{"type":"connection_init","payload":7}',
    '{"type":"unknown"}',
  ]) {
    await using({}, async (socket) => {
      socket.sendText(text);
      expect(await socket.closed).toBe(4400);
    });
  }
  expect(await ask(QUERY, {}, {})).toMatchObject({ kind: 'anonymous' });
});
