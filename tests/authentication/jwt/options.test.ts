import { generateKeyPairSync } from 'node:crypto';
import { exportJWK, SignJWT, type JWK } from 'jose';
import { describe, expect, test } from 'vitest';
import { jwtFromEnvironment, jwtMethod, type JwtIssuer } from '../../../plugins/authentication/jwt/index.ts';
import { JWT_RESOURCE, startIdentityProvider } from '../../harness/identity-provider.ts';
import { recordingLogger } from '../../redis/recording-logger.ts';
import { json, startAnswering } from './answering-server.ts';
import { closing, principalFor, verdictOn } from './bearer.ts';

const ISSUER = { issuer: 'https://id.example', audience: 'api' };
const SECRET = 'a secret that is at least 32 bytes long';
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
const RSA_PEM = String(rsa.publicKey.export({ type: 'spki', format: 'pem' }));

/** A token of `ISSUER` for a minute. */
function token(alg: string, key: Parameters<SignJWT['sign']>[0], claims: object = {}): Promise<string> {
  const jwt = new SignJWT({ iss: ISSUER.issuer, aud: ISSUER.audience, sub: 'alice', ...claims });
  return jwt.setExpirationTime('1m').setProtectedHeader({ alg }).sign(key);
}

describe('with a key of its own, an issuer needs no key set', () => {
  test.each(['RS256', 'RS512', 'PS256', 'PS384'])('RSA, as PEM or JWK: %s', async (alg) => {
    const signed = await token(alg, rsa.privateKey);
    for (const key of [RSA_PEM, await exportJWK(rsa.publicKey)]) {
      expect(await principalFor(jwtMethod({ issuers: [{ ...ISSUER, key }] }), signed)).toMatchObject({ id: 'alice' });
    }
  });

  test.each([
    ['ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['ES384', generateKeyPairSync('ec', { namedCurve: 'P-384' })],
    ['ES512', generateKeyPairSync('ec', { namedCurve: 'P-521' })],
    ['EdDSA', generateKeyPairSync('ed25519')],
    ['Ed25519', generateKeyPairSync('ed25519')],
  ])('%s', async (alg, { publicKey, privateKey }) => {
    const key = String(publicKey.export({ type: 'spki', format: 'pem' }));
    const method = jwtMethod({ issuers: [{ ...ISSUER, key }] });
    expect(await principalFor(method, await token(alg, privateKey))).toMatchObject({ id: 'alice' });
    expect(await verdictOn(method, await token('RS256', rsa.privateKey))).toMatchObject({ outcome: 'refused' });
  });

  test('a secret, as text or JWK, when HS algorithms are listed', async () => {
    const secret = new TextEncoder().encode(SECRET);
    const jwk: JWK = { kty: 'oct', k: Buffer.from(SECRET).toString('base64url') };
    for (const key of [SECRET, jwk]) {
      const method = jwtMethod({ issuers: [{ ...ISSUER, key, algorithms: ['HS256'] }] });
      expect(await principalFor(method, await token('HS256', secret))).toMatchObject({ id: 'alice' });
      const wrong = await token('HS256', new TextEncoder().encode(SECRET.toUpperCase()));
      expect(await verdictOn(method, wrong)).toMatchObject({ outcome: 'refused', reason: 'signature' });
    }
  });

  test('only the algorithms that are listed are accepted', async () => {
    const method = jwtMethod({ issuers: [{ ...ISSUER, key: RSA_PEM, algorithms: ['PS256'] }] });
    expect(await verdictOn(method, await token('RS256', rsa.privateKey))).toMatchObject({ outcome: 'refused' });
    expect(await verdictOn(method, await token('PS256', rsa.privateKey))).toMatchObject({ outcome: 'accepted' });
  });
});

test('each of several issuers vouches for its own tokens only', async () => {
  await using idp = await startIdentityProvider();
  const own = { issuer: idp.issuer, audience: JWT_RESOURCE, jwksUri: idp.jwksUri };
  const method = jwtMethod({ issuers: [own, { ...ISSUER, key: RSA_PEM }] });
  using _ = closing(method);
  expect(await principalFor(method, await idp.jwt())).toMatchObject({ id: 'gateway' });
  expect(await principalFor(method, await token('RS256', rsa.privateKey))).toMatchObject({ id: 'alice' });
  const pretended = await token('RS256', rsa.privateKey, { iss: idp.issuer, aud: JWT_RESOURCE });
  expect(await verdictOn(method, pretended)).toMatchObject({ outcome: 'refused' });
});

describe('the claims of a principal', () => {
  const names = {
    scopesClaim: 'access.permissions',
    rolesClaim: 'realm_access.roles',
    tierClaim: 'https://example.com/tier',
    clientIdClaim: 'app',
  };
  const method = jwtMethod({ issuers: [{ ...ISSUER, ...names, key: RSA_PEM }] });

  test('are read where the options say: by name, also one with dots, or by path', async () => {
    const claims = {
      access: { permissions: ['read', 'write', 'read', 7] },
      realm_access: { roles: ['admin'] },
      'https://example.com/tier': 'gold',
      app: 'web',
      scope: 'other',
    };
    const principal = await principalFor(method, await token('RS256', rsa.privateKey, claims));
    expect(principal).toMatchObject({ scopes: ['read', 'write'], roles: ['admin'], tier: 'gold', clientId: 'web' });
  });

  test('are none where there is nothing of the kind', async () => {
    const claims = { access: 'permissions', realm_access: null, 'https://example.com/tier': 3, app: {} };
    const principal = await principalFor(method, await token('RS256', rsa.privateKey, claims));
    expect(principal).toMatchObject({ scopes: [], roles: [], tier: undefined, clientId: undefined, kind: 'user' });
  });
});

describe('with discovery', () => {
  test('the keys are found where the metadata of the issuer say', async () => {
    await using idp = await startIdentityProvider();
    const method = jwtMethod({ issuers: [{ issuer: idp.issuer, audience: JWT_RESOURCE, discovery: true }] });
    using _ = closing(method);
    expect(await principalFor(method, await idp.jwt())).toMatchObject({ id: 'gateway' });
  });

  test.each([
    ['metadata of another issuer', (url: string) => ({ issuer: `${url}/`, jwks_uri: `${url}/jwks` }), 'another issuer'],
    ['an address that is not safe', (url: string) => ({ issuer: url, jwks_uri: 'http://id.example' }), 'jwks_uri'],
    ['metadata without an address', (url: string) => ({ issuer: url }), 'jwks_uri'],
    ['no metadata', () => null, 'another issuer'],
  ])('keys are not looked for by %s', async (_name, metadata, reason) => {
    const keys = { keys: [await exportJWK(rsa.publicKey)] };
    await using server = await startAnswering((response, request) =>
      json(request.url === '/jwks' ? keys : metadata(server.url))(response, request),
    );
    const { log, lines } = recordingLogger();
    const method = jwtMethod({ issuers: [{ ...ISSUER, issuer: server.url, discovery: true }], log });
    using _ = closing(method);
    const signed = await token('RS256', rsa.privateKey, { iss: server.url });
    expect(await verdictOn(method, signed)).toMatchObject({ outcome: 'unavailable' });
    expect(lines()).toEqual([expect.stringContaining(reason)]);
  });
});

describe('a wrong option stops the start, with its name and what it takes', () => {
  const good = { ...ISSUER, jwksUri: 'https://id.example/jwks' };
  const own = { ...ISSUER, key: RSA_PEM };

  test.each<[string, unknown, RegExp]>([
    ['no issuers', [], /issuers is \[\]; it takes a list of at least one/],
    ['an issuer that is none', ['https://id.example'], /issuers\[0\] is .* it takes an object/],
    ['no issuer', [{ ...good, issuer: '' }], /issuers\[0\]\.issuer is ""; it takes a text/],
    ['an issuer twice', [good, good], /each issuer once/],
    ['no audience', [{ ...good, audience: undefined }], /issuers\[0\]\.audience/],
    ['an empty audience', [{ ...good, audience: [] }], /issuers\[0\]\.audience/],
    ['no keys', [ISSUER], /issuers\[0\] takes exactly one of jwksUri, discovery: true and key/],
    ['keys from two places', [{ ...good, key: RSA_PEM }], /exactly one of jwksUri, discovery: true and key/],
    ['keys in the clear', [{ ...ISSUER, jwksUri: 'http://id.example/jwks' }], /jwksUri .* https:.* loopback/],
    ['keys from a file', [{ ...ISSUER, jwksUri: 'file:///etc/keys' }], /jwksUri/],
    ['discovery in the clear', [{ ...ISSUER, issuer: 'http://id.example', discovery: true }], /issuer .* loopback/],
    ['HS with a key set', [{ ...good, algorithms: ['HS256'] }], /algorithms is \["HS256"\]; .* RS256/],
    [
      'HS with a public key',
      [{ ...own, algorithms: ['HS256'] }],
      /key takes a secret, as text or JWK, with HS algorithms/,
    ],
    ['HS beside RS', [{ ...own, key: SECRET, algorithms: ['HS256', 'RS256'] }], /algorithms/],
    ['none', [{ ...good, algorithms: ['none'] }], /algorithms is \["none"\]/],
    ['no algorithm', [{ ...good, algorithms: [] }], /algorithms is \[\]/],
    ['an algorithm of other keys', [{ ...own, algorithms: ['ES256'] }], /algorithms .* RS256/],
    ['a secret that is not said to be one', [{ ...own, key: SECRET }], /key takes a public key/],
    ['a short secret', [{ ...own, key: 'short', algorithms: ['HS256'] }], /secret of 32 bytes/],
    ['a secret too short for its hash', [{ ...own, key: SECRET, algorithms: ['HS512'] }], /algorithms .* HS256$/],
    ['a weak key', [{ ...own, key: weak.publicKey.export({ format: 'jwk' }) }], /RSA of 2048 bits/],
    ['a private key', [{ ...own, key: rsa.privateKey.export({ format: 'jwk' }) }], /key takes a public key/],
    ['a leeway in minutes', [{ ...good, leeway: 0.5 }], /leeway is 0.5; it takes a whole number from 0 .* \(ms\)/],
    ['required claims that are not names', [{ ...good, requiredClaims: [7] }], /requiredClaims is 7/],
    ['a claim that is not a name', [{ ...good, rolesClaim: '' }], /rolesClaim is ""/],
  ])('%s', (_name, issuers, message) => {
    expect(() => jwtMethod({ issuers: issuers as JwtIssuer[] })).toThrow(message);
  });

  test('and neither a secret nor a password is repeated', () => {
    const jwk = { kty: 'oct', k: SECRET } as const;
    const bad = [{ key: SECRET }, { key: jwk }, { jwksUri: `https://user:${SECRET}@id.example/jwks` }];
    for (const keys of bad) {
      expect(() => jwtMethod({ issuers: [{ ...ISSUER, ...keys }] })).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining(SECRET) as string }),
      );
    }
  });
});

describe('from the environment', () => {
  const env = { JWT_ISSUER: 'https://id.example', JWT_AUDIENCE: 'api' };

  test('there is no method when nothing is set', () => {
    expect(jwtFromEnvironment({})).toBeUndefined();
    expect(jwtFromEnvironment({ JWKS_URI: '', JWT_ISSUER: '' })).toBeUndefined();
  });

  test('a missing or wrong variable is named', () => {
    expect(() => jwtFromEnvironment({ JWKS_URI: 'https://id.example/jwks' })).toThrow('JWT_ISSUER');
    expect(() => jwtFromEnvironment({ ...env, JWT_AUDIENCE: '' })).toThrow('JWT_AUDIENCE');
    expect(() => jwtFromEnvironment({ ...env, JWKS_URI: 'http://id.example/jwks' })).toThrow('JWKS_URI');
  });

  test('several audiences have commas between them, and without JWKS_URI the keys are discovered', async () => {
    await using idp = await startIdentityProvider();
    const JWT_AUDIENCE = `https://other.example, ${JWT_RESOURCE}`;
    for (const keys of [{ JWKS_URI: idp.jwksUri }, {}]) {
      const method = jwtFromEnvironment({ JWT_ISSUER: idp.issuer, JWT_AUDIENCE, ...keys });
      if (!method) throw new Error('there is no method');
      using _ = closing(method);
      expect(await principalFor(method, await idp.jwt())).toMatchObject({ id: 'gateway' });
    }
  });
});
