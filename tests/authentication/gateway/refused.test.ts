import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { runCommand } from '../../harness/command.ts';
import { startGateway, type TestGateway } from '../../harness/gateway.ts';
import { startIdentityProvider, type IdentityProvider } from '../../harness/identity-provider.ts';
import { until } from '../../harness/until.ts';
import { HASH_SECRET } from '../api-key/keys.ts';
import { json, startAnswering, type AnsweringServer } from '../jwt/answering-server.ts';
import { startCallerSubgraph, type CallerSubgraph } from './caller-subgraph.ts';
import { providerEnvironment } from './environment.ts';
import { BAD_CREDENTIALS } from './bad-credentials.ts';
import { signedByStranger, strangersKeySet } from './forgeries.ts';
import { sendRaw } from './raw-http.ts';
import { askOverHttp, bearer, WAYS, type Answer } from './ways.ts';

const CONFIG = new URL('gateway.config.ts', import.meta.url).pathname;

let provider: IdentityProvider;
let subgraph: CallerSubgraph;
let attacker: AnsweringServer;
let gateway: TestGateway;
let key: string;
let addresses = 0;

beforeAll(async () => {
  [provider, subgraph, attacker] = await Promise.all([
    startIdentityProvider(),
    startCallerSubgraph(),
    startAnswering(json(strangersKeySet('key-1'))),
  ]);
  gateway = await startGateway({
    subgraphs: [subgraph],
    config: CONFIG,
    env: {
      ...subgraph.env,
      ...providerEnvironment(provider),
      LOG_JSON: '1',
      API_KEY_SECRET: HASH_SECRET,
      AUTHENTICATION: JSON.stringify({ trustedProxies: ['127.0.0.1'] }),
    },
  });
  const env = { API_KEY_SECRET: HASH_SECRET, GATEHOUSE_DIR: gateway.directory };
  key = (await runCommand('keys', ['create', '--name', 'a key'], env)).stdout.trim();
  for (const credential of [{ 'x-api-key': key }, bearer(await provider.sign({ sub: 'ada' }))]) {
    expect((await askOverHttp(gateway, credential)).status).toBe(200);
  }
});

beforeEach(() => {
  subgraph.seen.length = 0;
});

afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await Promise.all([provider, subgraph, attacker].map((server) => server?.[Symbol.asyncDispose]()));
});

/** One that was not heard of before: many failures from one are answered with 429. */
const newAddress = (): string => `10.0.${addresses >> 8}.${addresses++ & 255}`;

/** Why the gateway refused what came from the address, by its log. */
function reasonFor(address: string): Promise<string> {
  return until(`a refusal of ${address} in the log`, () => {
    const line = gateway
      .log()
      .split('\n')
      .find((one) => one.includes(`"${address}"`));
    return line !== undefined && (JSON.parse(line) as { reason: string }).reason;
  });
}

function expectRefusal({ status, headers, code, caller }: Answer, way: string): void {
  expect(caller).toBe(null);
  if (way.startsWith('WebSocket')) return expect(status).toBe(4401);
  expect({ status, code, challenge: headers['www-authenticate'] }).toEqual({
    status: 401,
    code: 'UNAUTHENTICATED',
    challenge: 'Bearer realm="gatehouse", error="invalid_token", ApiKey realm="gatehouse", error="invalid_token"',
  });
}

describe.each(BAD_CREDENTIALS)('%s', (_, reason, credential) => {
  test.each(Object.entries(WAYS))('is refused over %s, and nothing is executed', async (way, ask) => {
    const given = await credential({ provider, key });
    const address = newAddress();
    expectRefusal(await ask(gateway, given, address), way);
    expect(await reasonFor(address)).toMatch(reason);
    expect(subgraph.seen).toEqual([]);
  });
});

test('no kid makes the gateway look for a key elsewhere', async () => {
  const kids = ['key-2', '../../../../dev/null', '/dev/null', '', "' UNION SELECT 'key-1", '__proto__', attacker.url];
  await Promise.all(
    Object.entries(WAYS).flatMap(([way, ask]) =>
      kids.map(async (kid) => {
        const token = await signedByStranger(provider, { kid });
        expectRefusal(await ask(gateway, bearer(token), newAddress()), way);
      }),
    ),
  );
  expect([subgraph.seen, attacker.requests()]).toEqual([[], 0]);
});

test.each(Object.entries(WAYS))('no key is fetched from where a token says, over %s', async (way, ask) => {
  const url = `${attacker.url}/keys`;
  for (const header of [{ jku: url }, { x5u: url }, { jku: url, kid: 'key-1' }]) {
    expectRefusal(await ask(gateway, bearer(await signedByStranger(provider, header)), newAddress()), way);
  }
  expect([subgraph.seen, attacker.requests()]).toEqual([[], 0]);
});

test('a token of any length is refused in connection_init', async () => {
  const token = await provider.sign({ sub: 'ada', padding: 'x'.repeat(200_000) });
  const ask = WAYS['WebSocket, in connection_init'];
  expect((await ask?.(gateway, bearer(token), newAddress()))?.status).toBe(4401);
  expect(subgraph.seen).toEqual([]);
});

describe('a header that comes twice is refused, with two credentials or the same', () => {
  const from = () => `x-forwarded-for: ${newAddress()}`;

  test.each([
    [
      'Authorization',
      () => provider.sign({ sub: 'ada' }).then((token) => [token, token].map((one) => `Authorization: Bearer ${one}`)),
    ],
    [
      'Authorization, the second in another case and wrong',
      () =>
        provider.sign({ sub: 'ada' }).then((token) => [`Authorization: Bearer ${token}`, 'aUTHORIZATION: Bearer x']),
    ],
    ['x-api-key', async () => [`x-api-key: ${key}`, `X-Api-Key: ${key}`]],
  ])('%s', async (_, lines) => {
    for (const query of ['{ caller }', 'mutation { caller }']) {
      const { status, head, body } = await sendRaw(gateway, [...(await lines()), from()], query);
      expect({ status, body }).toEqual({ status: 401, body: expect.stringContaining('"UNAUTHENTICATED"') });
      expect(head.toLowerCase()).toContain('www-authenticate: bearer realm="gatehouse"');
    }
    expect(subgraph.seen).toEqual([]);
  });
});

test('headers that are larger than the server reads are answered with 431, and nothing is executed', async () => {
  const token = await provider.sign({ sub: 'ada', padding: 'x'.repeat(20_000) });
  expect((await sendRaw(gateway, [`authorization: Bearer ${token}`])).status).toBe(431);
  expect(subgraph.seen).toEqual([]);
});

test('the log says nothing of what was refused but why', () => {
  expect(gateway.log()).toContain('Credential refused');
  expect(gateway.log()).not.toMatch(/eyJ|UNION|opaque-token|YWRhOnNlY3JldA|dev\/null/);
  expect(gateway.log()).not.toContain(key.slice(3, 40));
});
