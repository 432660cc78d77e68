import { once } from 'node:events';
import { connect } from 'node:net';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startIdentityProvider, type DemoIdentityProvider } from '../../commands/demo/identity-provider.ts';

const ADA = { id: '1', scopes: ['accounts:read', 'reviews:read'], roles: ['buyer'], tier: 'gold' };
const EIGHT_HOURS_S = 8 * 60 * 60;

let provider: DemoIdentityProvider;
beforeEach(async () => {
  provider = await startIdentityProvider();
});
afterEach(() => provider.close());

async function keySet(issuer: string) {
  const metadata = (await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()) as Record<string, string>;
  expect(metadata).toMatchObject({ issuer, jwks_uri: provider.jwksUri });
  return createRemoteJWKSet(new URL(metadata['jwks_uri'] ?? ''));
}

test('a token of the demo verifies with the keys that its issuer names, and says who the user is', async () => {
  const { payload } = await jwtVerify(await provider.signs(ADA), await keySet(provider.issuer), {
    issuer: provider.issuer,
    audience: 'gatehouse-demo',
    algorithms: ['ES256'],
    typ: 'at+jwt',
    // RFC 9068, section 2.2
    requiredClaims: ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti'],
  });
  expect(payload).toMatchObject({ sub: '1', scope: 'accounts:read reviews:read', roles: ['buyer'], tier: 'gold' });
  expect(payload.client_id).not.toBe(payload.sub);
});

test('a token is good for eight hours, and no two are the same', async () => {
  const [one, two] = [await provider.signs(ADA), await provider.signs(ADA)].map((token) => decodeJwt(token));
  expect((one?.exp ?? 0) - (one?.iat ?? 0)).toBe(EIGHT_HOURS_S);
  expect(one?.jti).not.toBe(two?.jti);
});

test('a token of another run does not verify, though its key has the same name', async () => {
  const other = await startIdentityProvider();
  try {
    const token = await other.signs(ADA);
    expect(decodeProtectedHeader(token).kid).toBe(decodeProtectedHeader(await provider.signs(ADA)).kid);
    await expect(jwtVerify(token, await keySet(provider.issuer))).rejects.toThrow('signature verification failed');
  } finally {
    await other.close();
  }
});

test('the private key is nowhere to be had', async () => {
  const { keys } = (await (await fetch(provider.jwksUri)).json()) as { keys: object[] };
  expect(keys.map((key) => Object.keys(key).toSorted())).toEqual([['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']]);
  expect((await fetch(`${provider.issuer}/token`, { method: 'POST' })).status).toBe(404);
});

test('close ends it at once, also amid a request', async () => {
  const socket = connect(Number(new URL(provider.issuer).port), '127.0.0.1');
  const ended = once(socket, 'close');
  socket.write('GET /jwks HTTP/1.1\r\n');
  await (await fetch(provider.jwksUri)).text();
  await Promise.all([provider.close(), ended]);
  await expect(fetch(provider.jwksUri)).rejects.toThrow('fetch failed');
});
