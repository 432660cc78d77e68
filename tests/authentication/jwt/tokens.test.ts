import { createHmac } from 'node:crypto';
import { exportSPKI, generateKeyPair, importJWK, SignJWT, exportJWK } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jwtMethod } from '../../../plugins/authentication/jwt/index.ts';
import type { AuthenticationMethod } from '../../../plugins/authentication/method.ts';
import { JWT_RESOURCE, startIdentityProvider, type IdentityProvider } from '../../harness/identity-provider.ts';
import { startAnswering } from './answering-server.ts';
import { bearer, CALLER, forged, principalFor, verdictOn } from './bearer.ts';

const LEEWAY = 5_000;
let idp: IdentityProvider;
let method: AuthenticationMethod;

beforeAll(async () => {
  idp = await startIdentityProvider({ claims: { roles: ['support'], tier: 'gold' } });
  method = jwtMethod({
    issuers: [
      {
        issuer: idp.issuer,
        audience: ['https://other.example', JWT_RESOURCE],
        jwksUri: idp.jwksUri,
        requiredClaims: ['jti', 'sub'],
      },
    ],
  });
});

afterAll(async () => {
  await method.close?.();
  await idp[Symbol.asyncDispose]();
});

/** Signed by the provider. */
function signed(claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}): Promise<string> {
  return idp.sign({ sub: 'alice', client_id: 'web', jti: crypto.randomUUID(), ...claims }, header);
}

function refusedFor(reason: string): object {
  return { outcome: 'refused', reason };
}

describe('a token that the provider issued', () => {
  test('is accepted, as the client that it was issued to, with its scopes, roles and tier', async () => {
    const principal = await principalFor(method, await idp.jwt('read write'));
    expect(principal).toMatchObject({
      id: 'gateway',
      kind: 'client',
      method: 'jwt',
      clientId: 'gateway',
      scopes: ['read', 'write'],
      roles: ['support'],
      tier: 'gold',
      claims: { iss: idp.issuer, aud: JWT_RESOURCE, scope: 'read write' },
    });
    expect(principal.expiresAt).toBe(Number(principal.claims['exp']) * 1000);
  });

  test('stands for its user when it has one', async () => {
    const principal = await principalFor(method, await signed({ scope: undefined, scp: ['read'] }));
    expect(principal).toMatchObject({ id: 'alice', kind: 'user', clientId: 'web', scopes: ['read'], roles: [] });
  });

  test('is answered from memory, without a promise and with the same principal, until it ends', async () => {
    const token = await signed();
    const { claims } = await principalFor(method, token);
    const end = Number(claims['exp']) * 1000 + LEEWAY;
    const again = method.authenticate(bearer(token), CALLER, end - 1);
    expect(again).toMatchObject({ outcome: 'accepted' });
    expect(method.authenticate(bearer(token), CALLER, Date.now())).toBe(again);
    expect(await verdictOn(method, token, end)).toEqual(refusedFor('expired'));
  });

  test('is verified once for all who bring it at the same time', async () => {
    const token = await signed();
    const verdicts = await Promise.all(Array.from({ length: 50 }, () => verdictOn(method, token)));
    expect(new Set(verdicts).size).toBe(1);
  });

  test('gives a principal that nobody can change', async () => {
    const principal = await principalFor(method, await signed({ deep: { list: [{}] }, roles: ['a'] }));
    const { deep } = principal.claims as { deep: { list: object[] } };
    for (const part of [
      principal,
      principal.claims,
      deep,
      deep.list,
      deep.list[0],
      principal.roles,
      principal.scopes,
    ]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });
});

describe('a token is refused', () => {
  const now = Math.floor(Date.now() / 1000);

  test('from the end of its leeway on, and not a moment earlier', async () => {
    const token = await signed({ exp: now });
    expect(await verdictOn(method, token, now * 1000 + LEEWAY - 1)).toMatchObject({ outcome: 'accepted' });
    expect(await verdictOn(method, token, now * 1000 + LEEWAY)).toEqual(refusedFor('expired'));
  });

  test('until its time has come, but for the leeway, and is accepted then', async () => {
    const token = await signed({ nbf: now + 60 });
    const start = (now + 60) * 1000 - LEEWAY;
    expect(await verdictOn(method, token, start - 1)).toEqual(refusedFor('not yet valid'));
    expect(await verdictOn(method, token, start)).toMatchObject({ outcome: 'accepted' });
  });

  test('while our clock is wrong, and accepted when it is right again', async () => {
    const token = await signed();
    expect(await verdictOn(method, token, Date.now() + 1e9)).toEqual(refusedFor('expired'));
    expect(await verdictOn(method, token)).toMatchObject({ outcome: 'accepted' });
  });

  test.each([
    ['of another issuer', { iss: 'https://evil.example' }, 'unknown issuer'],
    ['of an issuer with one more slash', { iss: 'ISSUER/' }, 'unknown issuer'],
    ['for another audience', { aud: 'https://evil.example' }, 'wrong audience'],
    ['for several others', { aud: ['https://evil.example', `${JWT_RESOURCE}/`] }, 'wrong audience'],
    ['for nobody', { aud: undefined }, 'wrong audience'],
    ['that never ends', { exp: undefined }, 'no exp'],
    ['that ends at a time that is none', { exp: '2999-01-01' }, 'malformed times'],
    ['that ends after all time', { exp: 1e300 }, 'malformed times'],
    ['without a claim that is required', { jti: undefined }, 'no jti'],
    ['whose subject is not a name', { sub: 7 }, 'no subject'],
    ['whose subject is empty', { sub: '' }, 'no subject'],
  ])('%s', async (_name, claims, reason) => {
    const iss = 'iss' in claims && claims.iss.replace('ISSUER', idp.issuer);
    const token = forgedLike(await signed(), { ...claims, ...(iss && { iss }) });
    // What it says is looked at before its signature; a subject comes after it.
    const bad = reason === 'no subject' ? await signed(claims) : token;
    expect(await verdictOn(method, bad)).toEqual(refusedFor(reason));
    expect(method.authenticate(bearer(bad), CALLER, Date.now())).toEqual(refusedFor(reason));
  });

  test.each(['logout+jwt', 'id+jwt', 'application/secevent+jwt', 'JWTs', '', 7, null])(
    'when its type is %j: it was made for another end',
    async (typ) => {
      expect(await verdictOn(method, await signed({}, { typ: 'JWT' }))).toMatchObject({ outcome: 'accepted' });
      const token = forgedLike(await signed(), {}, { typ });
      expect(await verdictOn(method, token)).toEqual(refusedFor('wrong type'));
    },
  );

  test.each([undefined, 'JWT', 'jwt', 'at+jwt', 'application/at+jwt'])('but not when its type is %j', async (typ) => {
    expect(await verdictOn(method, await signed({}, { typ }))).toMatchObject({ outcome: 'accepted' });
  });

  test('when one letter of what was signed, or of the signature, is another', async () => {
    const token = await signed();
    expect(await verdictOn(method, forgedLike(token, { scope: 'admin' }))).toEqual(refusedFor('signature'));
    const other = token.at(-10) === 'A' ? 'B' : 'A';
    expect(await verdictOn(method, token.slice(0, -10) + other + token.slice(-9))).toEqual(refusedFor('signature'));
  });

  test('when it is not signed', async () => {
    for (const alg of ['none', 'None', 'NONE', '']) {
      const token = forgedLike(await signed(), {}, { alg }).replace(/[^.]*$/, '');
      expect(await verdictOn(method, token)).toEqual(refusedFor('algorithm not allowed'));
    }
  });

  test('when the public key of the provider serves as a secret', async () => {
    const pem = await exportSPKI((await importJWK(idp.publicKey(), 'RS256')) as CryptoKey);
    const issuer = { issuer: idp.issuer, audience: JWT_RESOURCE };
    for (const secret of [pem, pem.trim(), JSON.stringify(idp.publicKey())]) {
      const [input = ''] = /^.*(?=\.)/.exec(forgedLike(await signed(), {}, { alg: 'HS256' })) ?? [];
      const token = `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
      expect(await verdictOn(method, token)).toEqual(refusedFor('algorithm not allowed'));
      const withPem = jwtMethod({ issuers: [{ ...issuer, key: pem }] });
      expect(await verdictOn(withPem, token)).toEqual(refusedFor('algorithm not allowed'));
    }
  });

  test('when it names a key by a path or an address, and nothing is read or asked for there', async () => {
    await using server = await startAnswering((response) => response.end());
    const kids = ['../../etc/passwd', '/dev/null', `${server.url}/jwks`, "key-1' OR '1'='1", 'KEY-1', ' key-1'];
    const own = jwtMethod({ issuers: [{ issuer: idp.issuer, audience: JWT_RESOURCE, jwksUri: idp.jwksUri }] });
    const tokens = await Promise.all(kids.map(async (kid) => forgedLike(await signed(), {}, { kid })));
    for (const verdict of await Promise.all(tokens.map((token) => verdictOn(own, token)))) {
      expect(verdict).toEqual(refusedFor('unknown key'));
    }
    expect(server.requests()).toBe(0);
  });

  test('when it brings its own key, and that is not asked for either', async () => {
    const { publicKey, privateKey } = await generateKeyPair('RS256');
    const jwk = { ...(await exportJWK(publicKey)), kid: 'key-1' };
    await using server = await startAnswering((response) => response.end(JSON.stringify({ keys: [jwk] })));
    const own = { jwk, jku: `${server.url}/jwks`, x5u: `${server.url}/cert`, x5c: ['AAAA'] };
    const token = await new SignJWT({ iss: idp.issuer, aud: JWT_RESOURCE, sub: 'eve', jti: '1' })
      .setExpirationTime('10m')
      .setProtectedHeader({ alg: 'RS256', kid: 'key-1', ...own })
      .sign(privateKey);
    expect(await verdictOn(method, token)).toEqual(refusedFor('signature'));
    expect(server.requests()).toBe(0);
  });

  test('when it asks for an extension that must be understood', async () => {
    for (const header of [{ crit: ['exp'], exp: 1 }, { crit: ['b64'], b64: false }, { crit: [] }, { crit: 'b64' }]) {
      expect(await verdictOn(method, forgedLike(await signed(), {}, header))).toEqual(refusedFor('critical header'));
    }
  });

  test('when it is longer than 8192 bytes, at once', async () => {
    const token = await signed({ padding: 'x'.repeat(8192) });
    expect(method.authenticate(bearer(token), CALLER, Date.now())).toEqual(refusedFor('too long'));
  });

  test.each(['', '.', '..', 'a.b.c', 'e30.e30.', 'e30.e30', '[].e30.AA', 'e30.bnVsbA.AA', '\ud800.\0.💥'])(
    'when it is garbage: %j',
    async (token) => {
      expect(await verdictOn(method, token)).toMatchObject({
        outcome: 'refused',
        reason: expect.stringMatching(/^malformed/),
      });
    },
  );
});

describe('the method', () => {
  test('takes what has the form of a JWS in compact serialization, whatever it says', async () => {
    expect(method.recognizes(bearer(await signed()))).toBe(true);
    expect(method.recognizes(bearer(forged({ alg: 'none' }, {}, '')))).toBe(true);
  });

  test('leaves opaque tokens, encrypted tokens and API keys to others', async () => {
    const token = await signed();
    for (const text of [await idp.opaque(), 'a.b.c', `${token}.a.b`, `${token}=`, `${token} `, 'bnVsbA.e30.AA', '']) {
      expect(method.recognizes(bearer(text))).toBe(false);
    }
    expect(method.recognizes({ scheme: 'api-key', key: token })).toBe(false);
    expect(method.authenticate({ scheme: 'api-key', key: token }, CALLER, Date.now())).toMatchObject({
      outcome: 'refused',
    });
  });
});

/** The same token with other claims and header parameters, and the old signature; undefined takes one out. */
function forgedLike(token: string, claims: object, header: object = {}): string {
  const [head = '', body = '', signature] = token.split('.');
  const decode = (part: string): object => JSON.parse(Buffer.from(part, 'base64url').toString());
  return forged({ ...decode(head), ...header }, { ...decode(body), ...claims }, signature);
}
