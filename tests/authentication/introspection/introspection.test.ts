import { generateKeyPairSync } from 'node:crypto';
import { exportJWK } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { introspectionMethod, type IntrospectionOptions } from '../../../plugins/authentication/introspection/index.ts';
import type { AuthenticationMethod } from '../../../plugins/authentication/method.ts';
import { OPAQUE_RESOURCE, startIdentityProvider, type IdentityProvider } from '../../harness/identity-provider.ts';
import { until } from '../../harness/until.ts';
import { recordingLogger } from '../../redis/recording-logger.ts';
import { bearer, CALLER, principalFor, verdictOn } from '../jwt/bearer.ts';

const TTL = 60_000;
const NEGATIVE_TTL = 10_000;
const NOT_ACTIVE = { outcome: 'refused', reason: 'not active' };
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
let idp: IdentityProvider;

beforeAll(async () => {
  const jwk = { ...(await exportJWK(pair.publicKey)), kid: 'gateway-key' };
  idp = await startIdentityProvider({
    claims: { roles: ['support'], tier: 'gold' },
    clients: [
      { client_id: 'posting', client_secret: 'secret', token_endpoint_auth_method: 'client_secret_post' },
      { client_id: 'signing', token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [jwk] } },
    ],
  });
});

afterAll(() => idp[Symbol.asyncDispose]());

function introspecting(options: Partial<IntrospectionOptions> = {}): AuthenticationMethod {
  const client = { ...idp.client, auth: 'basic' } as const;
  return introspectionMethod({ endpoint: idp.introspectionEndpoint, client, ...options });
}

/** How many requests that makes at the endpoint. */
async function requestsFor(work: () => Promise<unknown>): Promise<number> {
  const before = idp.introspectionRequests();
  await work();
  return idp.introspectionRequests() - before;
}

test('an active token is accepted as its client, with what the provider says of it', async () => {
  const method = introspecting({ issuer: idp.issuer, audience: OPAQUE_RESOURCE });
  const principal = await principalFor(method, await idp.opaque('read write'));
  expect(principal).toMatchObject({
    id: 'gateway',
    kind: 'client',
    method: 'introspection',
    clientId: 'gateway',
    scopes: ['read', 'write'],
    roles: ['support'],
    tier: 'gold',
    claims: { active: true, iss: idp.issuer, aud: OPAQUE_RESOURCE },
  });
  expect(principal.expiresAt).toBe(Number(principal.claims['exp']) * 1000);
  expect(Object.isFrozen(principal) && Object.isFrozen(principal.claims)).toBe(true);
});

test('the gateway proves who it is by HTTP Basic, in the body, or with a key', async () => {
  const token = await idp.opaque();
  const pem = String(pair.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const jwk = { ...(await exportJWK(pair.privateKey)), kid: 'gateway-key' };
  for (const client of [
    { id: 'posting', auth: 'post', secret: 'secret' },
    { id: 'signing', auth: 'private_key_jwt', privateKey: pem },
    { id: 'signing', auth: 'private_key_jwt', privateKey: jwk },
  ] as const) {
    await principalFor(introspecting({ client, issuer: idp.issuer }), token);
  }
});

test('a gateway that is not known to the provider accepts nobody', async () => {
  const client = { id: idp.client.id, auth: 'basic', secret: 'wrong' } as const;
  expect(await verdictOn(introspecting({ client }), await idp.opaque())).toMatchObject({
    outcome: 'unavailable',
    reason: 'the introspection endpoint answered with status 401',
  });
});

test('garbage is refused', async () => {
  const method = introspecting();
  for (const token of ['x', 'a.b', 'Bearer x', `${await idp.opaque()}x`, 'a&active=true', '%00']) {
    expect(await verdictOn(method, token)).toEqual(NOT_ACTIVE);
  }
});

test('what can be no token is refused without a request', async () => {
  const method = introspecting();
  const requests = await requestsFor(async () => {
    expect(await verdictOn(method, 'x'.repeat(8193))).toEqual({ outcome: 'refused', reason: 'too long' });
    for (const token of ['', 'ü', 'a\nb', '\ud800']) {
      expect(await verdictOn(method, token)).toEqual({ outcome: 'refused', reason: 'malformed' });
    }
    const key = { scheme: 'api-key', key: 'x' } as const;
    expect(method.recognizes(key)).toBe(false);
    expect(method.authenticate(key, CALLER, Date.now())).toMatchObject({ outcome: 'refused' });
  });
  expect(requests).toBe(0);
});

test('a JWT, of which this provider says nothing, is not accepted, and is not logged as an outage', async () => {
  const { log, lines } = recordingLogger();
  expect(await verdictOn(introspecting({ log }), await idp.jwt())).toEqual({
    outcome: 'unavailable',
    reason: 'the introspection endpoint answered with status 400',
    retryAfter: 1,
  });
  expect(lines()).toEqual([]);
});

test.each([
  ['another issuer', { issuer: 'https://evil.example' }, 'wrong issuer'],
  ['another audience', { audience: ['https://evil.example'] }, 'wrong audience'],
])('an active token of, or for, %s is refused', async (_name, options, reason) => {
  expect(await verdictOn(introspecting(options), await idp.opaque())).toEqual({ outcome: 'refused', reason });
});

describe('the provider is asked', () => {
  test('once for 100 at the same time', async () => {
    const method = introspecting();
    const token = await idp.opaque();
    const requests = await requestsFor(async () => {
      const verdicts = await Promise.all(Array.from({ length: 100 }, () => verdictOn(method, token)));
      expect(new Set(verdicts)).toEqual(new Set([expect.objectContaining({ outcome: 'accepted' })]));
    });
    expect(requests).toBe(1);
  });

  test('once in a ttl about an active token, which is answered without a promise', async () => {
    const method = introspecting();
    const token = await idp.opaque();
    const now = Date.now();
    const requests = await requestsFor(async () => {
      const principal = await principalFor(method, token, now);
      expect(method.authenticate(bearer(token), CALLER, now + TTL - 1)).toEqual({ outcome: 'accepted', principal });
    });
    expect(requests).toBe(1);
    expect(await requestsFor(() => principalFor(method, token, now + TTL))).toBe(1);
  });

  test('once in a negative ttl about one that is not', async () => {
    const method = introspecting();
    const now = Date.now();
    const ask = (at: number) => () => verdictOn(method, 'garbage', at);
    expect(await requestsFor(ask(now))).toBe(1);
    expect(await requestsFor(ask(now + NEGATIVE_TTL - 1))).toBe(0);
    expect(await requestsFor(ask(now + NEGATIVE_TTL))).toBe(1);
  });

  test('as often as the options say', async () => {
    const method = introspecting({ ttl: 1_000, negativeTtl: 0 });
    const token = await idp.opaque();
    const now = Date.now();
    expect(await requestsFor(() => verdictOn(method, token, now))).toBe(1);
    expect(await requestsFor(() => verdictOn(method, token, now + 999))).toBe(0);
    expect(await requestsFor(() => verdictOn(method, token, now + 1_000))).toBe(1);
    expect(await requestsFor(() => verdictOn(method, 'garbage', now))).toBe(1);
    expect(await requestsFor(() => verdictOn(method, 'garbage', now))).toBe(1);
  });
});

test('a revoked token is refused when its ttl has ended, and lives until then', async () => {
  const method = introspecting();
  const token = await idp.opaque();
  const now = Date.now();
  await principalFor(method, token, now);
  await idp.revoke(token);
  await principalFor(method, token, now + TTL - 1);
  expect(await verdictOn(method, token, now + TTL)).toEqual(NOT_ACTIVE);
});

test('while the provider is down, what was accepted goes on until its ttl, and the rest is unavailable', async () => {
  await using own = await startIdentityProvider();
  const client = { ...own.client, auth: 'basic' } as const;
  const method = introspectionMethod({ endpoint: own.introspectionEndpoint, client });
  const [known, unseen] = [await own.opaque(), await own.opaque()];
  const now = Date.now();
  await principalFor(method, known, now);
  await own.stop();
  await principalFor(method, known, now + TTL - 1);
  for (const verdict of [await verdictOn(method, known, now + TTL), await verdictOn(method, unseen, now)]) {
    expect(verdict).toMatchObject({ outcome: 'unavailable', retryAfter: 1 });
  }
  await own.start();
  await until('tokens to be accepted again', async () => (await verdictOn(method, unseen)).outcome === 'accepted');
});
