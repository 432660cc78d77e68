import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import type { JWK } from 'jose';

/**
 * The key that an operator gave: a public one, as PEM (SPKI) or JWK, or a secret when one is wanted. Undefined for what
 * is not that, so that a public key never serves as a secret and a private one is not left lying in a configuration.
 */
export function readKey(given: string | JWK, wanted: 'public' | 'secret'): KeyObject | undefined {
  try {
    return wanted === 'secret' ? secretFrom(given) : publicFrom(given);
  } catch {
    return undefined;
  }
}

function secretFrom(given: string | JWK): KeyObject | undefined {
  if (typeof given !== 'string') {
    return given.kty === 'oct' ? createSecretKey(Buffer.from(given.k ?? '', 'base64url')) : undefined;
  }
  return given.includes('-----BEGIN') ? undefined : createSecretKey(Buffer.from(given));
}

function publicFrom(given: string | JWK): KeyObject | undefined {
  if (typeof given !== 'string') {
    return given.d === undefined ? createPublicKey({ key: given, format: 'jwk' }) : undefined;
  }
  return given.includes('-----BEGIN PUBLIC KEY-----') ? createPublicKey(given) : undefined;
}
