import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { JWT_RESOURCE, type IdentityProvider } from '../../harness/identity-provider.ts';

const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
const now = (): number => Math.floor(Date.now() / 1_000);

type Header = Readonly<Record<string, unknown>>;

/** Says all that a good token says, and is signed by somebody else. */
export async function signedByStranger({ issuer }: IdentityProvider, header: Header = {}): Promise<string> {
  return new SignJWT(goodClaims(issuer))
    .setProtectedHeader({ alg: 'RS256', kid: 'key-1', typ: 'at+jwt', ...header })
    .sign(stranger.privateKey);
}

/** The public part of the stranger's key, as a JWK set. */
export function strangersKeySet(kid: string): object {
  return { keys: [{ ...stranger.publicKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' }] };
}

/** Signed with HS256, with the provider's public key as the secret, in any of the forms that it is published in. */
export async function signedWithPublicKey(provider: IdentityProvider, form: 'pem' | 'der' | 'jwk'): Promise<string> {
  const jwk = provider.publicKey();
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  const secret = {
    pem: () => Buffer.from(key.export({ format: 'pem', type: 'spki' })),
    der: () => key.export({ format: 'der', type: 'spki' }),
    jwk: () => Buffer.from(JSON.stringify(jwk)),
  };
  return new SignJWT(goodClaims(provider.issuer))
    .setProtectedHeader({ alg: 'HS256', kid: jwk.kid ?? '', typ: 'at+jwt' })
    .sign(secret[form]());
}

/** `alg` is `none`, in this spelling, and there is no signature. */
export function unsigned({ issuer }: IdentityProvider, alg: string): string {
  return `${encode({ alg, typ: 'at+jwt' })}.${encode(goodClaims(issuer))}.`;
}

/** A good token whose claims were changed since. */
export async function changedSince(provider: IdentityProvider): Promise<string> {
  const [header, , signature] = (await provider.sign({ sub: 'ada', scope: 'read' })).split('.');
  return `${header}.${encode({ ...goodClaims(provider.issuer), scope: 'admin' })}.${signature}`;
}

export async function withoutSignature(provider: IdentityProvider): Promise<string> {
  const [header, claims] = (await provider.sign({ sub: 'ada' })).split('.');
  return `${header}.${claims}.`;
}

function goodClaims(issuer: string) {
  return { iss: issuer, aud: JWT_RESOURCE, sub: 'ada', scope: 'read', iat: now(), exp: now() + 600 };
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
