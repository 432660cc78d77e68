import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';

/** The two halves of an Ed25519 key (RFC 8410), as base64 of their DER. */
export interface PrincipalKeys {
  /** PKCS#8, for the gateway. */
  readonly signingKey: string;
  /** SPKI, for the subgraphs. */
  readonly publicKey: string;
}

/**
 * A fresh key, or the one that is given: PKCS#8, as PEM or as base64 of its DER.
 *
 * @throws Error that names `PRINCIPAL_SIGNING_KEY`, and does not repeat it
 */
export function principalKeys(given: string | undefined): PrincipalKeys {
  const key = given ? readKey(given) : generateKeyPairSync('ed25519').privateKey;
  if (key?.asymmetricKeyType !== 'ed25519') {
    throw new Error('PRINCIPAL_SIGNING_KEY takes an Ed25519 private key (PKCS#8), as PEM or as base64 of its DER.');
  }
  return {
    signingKey: key.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
    publicKey: createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64'),
  };
}

function readKey(text: string): KeyObject | undefined {
  try {
    return text.includes('-----BEGIN')
      ? createPrivateKey(text)
      : createPrivateKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'pkcs8' });
  } catch {
    return undefined;
  }
}
