import type { KeyObject } from 'node:crypto';

/** Signatures that are verified with a public key (RFC 7518, section 3.1; RFC 8037; RFC 9864). */
export const ASYMMETRIC: readonly string[] = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

/** With a shared secret. */
export const SYMMETRIC: readonly string[] = ['HS256', 'HS384', 'HS512'];

/** RFC 7518, section 3.3 */
const LEAST_RSA_BITS = 2048;
const CURVES: Readonly<Record<string, string>> = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' };

/** The algorithms that a key can verify; none for one that is too weak, or of no use here. */
export function algorithmsFor(key: KeyObject): readonly string[] {
  // A secret is at least as long as the hash (RFC 7518, section 3.2).
  if (key.type === 'secret') return SYMMETRIC.filter((name) => (key.symmetricKeySize ?? 0) * 8 >= bitsOf(name));
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return modulusLength < LEAST_RSA_BITS ? [] : ASYMMETRIC.filter((name) => /^[RP]S/.test(name));
    case 'ec':
      return ASYMMETRIC.filter((name) => name === CURVES[namedCurve]);
    case 'ed25519':
      return ['EdDSA', 'Ed25519'];
    default:
      return [];
  }
}

function bitsOf(algorithm: string): number {
  return Number(algorithm.slice(2));
}
