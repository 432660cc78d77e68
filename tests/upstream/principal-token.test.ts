import { generateKeyPairSync } from 'node:crypto';
import * as fc from 'fast-check';
import { jwtVerify } from 'jose';
import { expect, test } from 'vitest';
import { headersFor } from '../../plugins/upstream/headers.ts';
import { principalSigner } from '../../plugins/upstream/principal-token.ts';
import { ANONYMOUS, type Principal } from '../../plugins/request-context.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const signingKey = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const NOW = Date.now();

const ADA: Principal = {
  ...ANONYMOUS,
  id: 'ada',
  kind: 'user',
  method: 'jwt',
  clientId: 'app',
  scopes: ['a', 'b'],
  claims: { tenant: 't1', email: 'ada@example.com' },
};

const verify = (token: string, audience: string) =>
  jwtVerify(token, publicKey, {
    issuer: 'gatehouse',
    audience,
    algorithms: ['EdDSA'],
    typ: 'gatehouse-principal+jwt',
    currentDate: new Date(NOW),
  });

test('a subgraph that has the public key learns who is calling, and for which subgraph the token is', async () => {
  const token = principalSigner({ signingKey, claims: ['tenant'] })(ADA, 'reviews', NOW);
  const { payload } = await verify(token, 'reviews');
  expect(payload).toEqual({
    iss: 'gatehouse',
    aud: 'reviews',
    iat: Math.floor(NOW / 1_000),
    exp: Math.ceil(NOW / 1_000 + 60),
    sub: 'ada',
    kind: 'user',
    method: 'jwt',
    client_id: 'app',
    scope: 'a b',
    roles: [],
    claims: { tenant: 't1' },
  });
  await expect(verify(token, 'accounts')).rejects.toThrow('aud');
});

test('whoever is calling, the token says so, and ends with the credential that it stands for', async () => {
  const text = fc.string({ minLength: 1 });
  await fc.assert(
    fc.asyncProperty(
      text,
      text,
      fc.array(text),
      fc.integer({ min: 1, max: 120_000 }),
      async (id, graph, roles, left) => {
        const token = principalSigner({ signingKey })({ ...ADA, id, roles, expiresAt: NOW + left }, graph, NOW);
        const { payload } = await verify(token, graph);
        expect(payload).toMatchObject({ sub: id, roles, exp: Math.ceil((NOW + Math.min(left, 60_000)) / 1_000) });
      },
    ),
  );
});

test('a token is kept for half of its life, so that equal calls stay equal', () => {
  const sign = principalSigner({ signingKey, lifetime: 10_000 });
  const token = sign(ADA, 'reviews', NOW);
  expect(sign(ADA, 'reviews', NOW + 4_999)).toBe(token);
  expect(sign(ADA, 'reviews', NOW + 5_000)).not.toBe(token);
  expect(sign(ADA, 'accounts', NOW)).not.toBe(token);
  expect(sign({ ...ADA }, 'reviews', NOW + 2_000)).not.toBe(token);
});

test.each([
  ['no key', 'secret-word'],
  ['a public key', publicKey.export({ type: 'spki', format: 'pem' }).toString()],
  ['another kind of key', rsaKey()],
])('a signing key that is %s is refused without being repeated', (_, key) => {
  const start = () => principalSigner({ signingKey: key });
  expect(start).toThrow('principal.signingKey takes an Ed25519 private key');
  expect(start).not.toThrow(key.slice(0, 12));
});

test('a key as base64 of its DER is read', async () => {
  const der = privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64');
  await verify(principalSigner({ signingKey: der })(ADA, 'reviews', NOW), 'reviews');
});

test.each([
  ['a client, though the header is passed on', ['gatehouse-principal'], {}],
  ['a plugin', [], { headers: { 'Gatehouse-Principal': 'forged' } }],
])('a principal cannot be claimed by %s', (_, forwarded, extensions) => {
  const request = new Request('http://gateway/', { headers: { 'gatehouse-principal': 'forged' } });
  const sources = { configured: [], forwarded, signer: undefined };
  const headers = (context: object, signer = principalSigner({ signingKey })) =>
    headersFor({ context: { request, ...context }, extensions } as never, 'reviews', { ...sources, signer });
  expect(headers({})).toEqual({});
  expect(headers({ principal: ANONYMOUS })['gatehouse-principal']).toMatch(/^ey/);
  expect(headersFor({ context: { request, principal: ADA }, extensions } as never, 'reviews', sources)).toEqual({});
});

function rsaKey(): string {
  return generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
}
