import { createPrivateKey, createPublicKey, hash, sign, verify, type KeyObject } from 'node:crypto';

/** Signs checkpoints (Ed25519, RFC 8032). */
export interface CheckpointSigner {
  /** Names the key: see `keyId`. */
  readonly id: string;
  /** base64url */
  sign(text: string): string;
}

export interface CheckpointKey {
  readonly id: string;
  isSignatureOf(text: string, signature: string): boolean;
}

const KEY_ID_CHARACTERS = 16;

/**
 * @param text an Ed25519 private key (PKCS#8), as PEM or as base64 of its DER
 * @throws an `Error` that says what it takes, and does not repeat the key
 */
export function checkpointSigner(text: string): CheckpointSigner {
  const key = ed25519(() => createPrivateKey(keyInput(text, 'pkcs8')));
  if (!key) {
    throw new Error(
      'it takes an Ed25519 private key (PKCS#8), as PEM or as base64 of its DER, such as "openssl genpkey -algorithm ed25519" makes',
    );
  }
  return {
    id: keyId(createPublicKey(key)),
    sign: (content) => sign(null, Buffer.from(content), key).toString('base64url'),
  };
}

/**
 * @param text an Ed25519 public key (SPKI), as PEM or as base64 of its DER; or the private key that it belongs to
 * @throws an `Error` that says what it takes, and does not repeat the key
 */
export function checkpointKey(text: string): CheckpointKey {
  const key =
    ed25519(() => createPublicKey(createPrivateKey(keyInput(text, 'pkcs8')))) ??
    ed25519(() => createPublicKey(keyInput(text, 'spki')));
  if (!key) throw new Error('it takes an Ed25519 public key (SPKI), as PEM or as base64 of its DER');
  return {
    id: keyId(key),
    isSignatureOf(content, signature) {
      const bytes = Buffer.from(signature, 'base64url');
      // Other texts stand for the same bytes.
      return bytes.toString('base64url') === signature && verify(null, Buffer.from(content), key, bytes);
    },
  };
}

/** The beginning of SHA-256 over its SPKI, in hexadecimal. */
function keyId(publicKey: KeyObject): string {
  const der = publicKey.export({ format: 'der', type: 'spki' });
  return hash('sha256', der, 'hex').slice(0, KEY_ID_CHARACTERS);
}

function keyInput<Type extends 'pkcs8' | 'spki'>(text: string, type: Type) {
  return text.includes('-----BEGIN') ? text : ({ key: Buffer.from(text, 'base64'), format: 'der', type } as const);
}

/** Undefined for what is no such key; the reason would repeat parts of it. */
function ed25519(read: () => KeyObject): KeyObject | undefined {
  try {
    const key = read();
    return key.asymmetricKeyType === 'ed25519' ? key : undefined;
  } catch {
    return undefined;
  }
}
