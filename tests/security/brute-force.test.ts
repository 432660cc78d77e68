import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HASH_SECRET } from '../authentication/api-key/keys.ts';
import { startCallerSubgraph, type CallerSubgraph } from '../authentication/gateway/caller-subgraph.ts';
import { providerEnvironment } from '../authentication/gateway/environment.ts';
import { askOverHttp, bearer, WAYS, type HeaderFields } from '../authentication/gateway/ways.ts';
import { runCommand } from '../harness/command.ts';
import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { startIdentityProvider, type IdentityProvider } from '../harness/identity-provider.ts';
import { until } from '../harness/until.ts';

const CONFIG = new URL('../authentication/gateway/gateway.config.ts', import.meta.url).pathname;
/** How many guesses an address has at once. */
const GUESSES = 30;

let provider: IdentityProvider;
let subgraph: CallerSubgraph;
/** Believes nobody about addresses. */
let exposed: TestGateway;
/** Behind a proxy that it trusts. */
let proxied: TestGateway;

beforeAll(async () => {
  [provider, subgraph] = await Promise.all([startIdentityProvider(), startCallerSubgraph()]);
  const env = { ...subgraph.env, ...providerEnvironment(provider), API_KEY_SECRET: HASH_SECRET };
  const AUTHENTICATION = JSON.stringify({ trustedProxies: ['127.0.0.1', '10.0.0.0/8', 'fd00::/8'] });
  [exposed, proxied] = await Promise.all([
    startGateway({ subgraphs: [subgraph], env }),
    startGateway({ subgraphs: [subgraph], config: CONFIG, env: { ...env, AUTHENTICATION } }),
  ]);
});

afterAll(async () => {
  await Promise.all([exposed, proxied, provider, subgraph].map((server) => server?.[Symbol.asyncDispose]()));
});

/** Of any kind. */
function guess(count: number): HeaderFields {
  const text = randomBytes(24).toString('base64url');
  return (
    [{ authorization: `Basic ${text}` }, { 'x-api-key': text }, bearer(`${text}.${text}.${text}`)][count % 3] ?? {}
  );
}

/** The status of each of some guesses, one after the other. None reaches a subgraph. */
async function guesses(gateway: TestGateway, count: number, from: (count: number) => string): Promise<number[]> {
  const executed = subgraph.seen.length;
  const statuses: number[] = [];
  for (let at = 0; at < count; at++) statuses.push((await askOverHttp(gateway, guess(at), from(at))).status);
  expect(subgraph.seen).toHaveLength(executed);
  return statuses;
}

describe('whoever guesses from one address', () => {
  test('is made to wait after 30 guesses, over each way in, whatever X-Forwarded-For says', async () => {
    const env = { API_KEY_SECRET: HASH_SECRET, GATEHOUSE_DIR: exposed.directory };
    const key = { 'x-api-key': (await runCommand('keys', ['create', '--name', 'a key'], env)).stdout.trim() };
    const [jwt, opaque] = [bearer(await provider.jwt()), bearer(await provider.opaque())];
    for (const good of [key, jwt, opaque]) expect((await askOverHttp(exposed, good)).status).toBe(200);
    const keyReadAt = performance.now();

    const statuses = await guesses(exposed, GUESSES + 20, (at) => `192.0.2.${at}`);
    expect(statuses.slice(0, GUESSES)).toEqual(Array.from({ length: GUESSES }, () => 401));
    expect(statuses.at(-1)).toBe(429);
    for (const [way, ask] of Object.entries(WAYS)) {
      const { status, code, headers } = await ask(exposed, guess(0));
      if (way.startsWith('WebSocket')) expect(status).toBe(4429);
      else
        expect([status, code, headers['retry-after']]).toEqual([429, 'RATE_LIMITED', expect.stringMatching(/^[12]$/)]);
    }

    // Who shares the address and was let in before is still let in, and so is whoever comes without a credential.
    await until('the key to be read again', () => performance.now() > keyReadAt + 1_000);
    await guesses(exposed, 5, () => '192.0.2.1');
    for (const good of [key, jwt, opaque, {}]) {
      for (const ask of Object.values(WAYS)) expect((await ask(exposed, good)).status).toBe(200);
    }
    expect((await askOverHttp(exposed, bearer(await provider.jwt()))).status).toBe(429);
  });

  test('may try again after as long as Retry-After says', async () => {
    await guesses(proxied, GUESSES, () => '203.0.113.9');
    const newcomer = bearer(await provider.jwt());
    const { status, headers } = await askOverHttp(proxied, newcomer, '203.0.113.9');
    expect(status).toBe(429);
    const at = performance.now() + Number(headers['retry-after']) * 1_000;
    await until('as long as that', () => performance.now() > at);
    expect((await askOverHttp(proxied, newcomer, '203.0.113.9')).status).toBe(200);
  });
});

describe('behind a trusted proxy', () => {
  const isLimited = async (from: string): Promise<boolean> =>
    (await askOverHttp(proxied, guess(0), from)).status === 429;

  test.each([
    ['an address', () => '192.0.2.1', '192.0.2.1', '192.0.2.2'],
    ['an address that claims to be others', (at: number) => `198.51.100.${at}, 192.0.2.3`, '192.0.2.3', '198.51.100.1'],
    [
      'an address behind two proxies',
      (at: number) => `198.51.100.${at}, 192.0.2.4, 10.1.1.1`,
      '192.0.2.4',
      '198.51.100.1',
    ],
    [
      'an IPv6 address and all of its /64',
      (at: number) => `2001:db8:0:1::${at}:1`,
      '2001:db8:0:1:ffff::9',
      '2001:db8:0:2::1',
    ],
    ['an IPv4 address in IPv6', () => '::ffff:192.0.2.5', '192.0.2.5', '192.0.2.6'],
  ])('%s is limited, and no other', async (_, from, same, other) => {
    expect((await guesses(proxied, GUESSES + 5, from)).at(-1)).toBe(429);
    expect([await isLimited(same), await isLimited(other)]).toEqual([true, false]);
  });
});
