import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

const KEY_BYTES = 32;
const IV_BYTES = 12;
const AUTH_TAG_BYTES = 16;
const CIPHER = 'aes-256-gcm';

/** Encrypts what others could read in Redis or in its backups, and notices what others have written there. */
export interface Seal {
  /** @param context what it belongs to: opened only with the same */
  seal(plain: Buffer, context: Buffer): Buffer;
  /** Undefined when it was sealed with another key or for something else, or is damaged. */
  open(sealed: Buffer, context: Buffer): Buffer | undefined;
}

/**
 * AES-256-GCM with a random IV for each value: one key serves for 2^32 values and, with a risk of still less than one in
 * a million, for a hundred times as many. Sealed is one byte that tells keys apart, the IV, the authentication tag, the
 * ciphertext.
 *
 * Throws a TypeError that does not repeat the key.
 *
 * @param key 32 bytes in base64
 */
export function createSeal(key: string): Seal {
  const bytes = Buffer.from(key, 'base64');
  if (bytes.byteLength !== KEY_BYTES || bytes.toString('base64') !== key.trim()) {
    throw new TypeError(
      `encryptionKey takes ${KEY_BYTES} bytes in base64, for instance from: openssl rand -base64 ${KEY_BYTES}`,
    );
  }
  const keyId = createHash('sha256').update('gatehouse cache key id').update(bytes).digest().subarray(0, 1);

  return {
    seal(plain, context) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv(CIPHER, bytes, iv).setAAD(context);
      const encrypted = [cipher.update(plain), cipher.final()];
      return Buffer.concat([keyId, iv, cipher.getAuthTag(), ...encrypted]);
    },

    open(sealed, context) {
      const afterIv = 1 + IV_BYTES;
      const afterTag = afterIv + AUTH_TAG_BYTES;
      if (sealed.byteLength < afterTag || sealed[0] !== keyId[0]) return undefined;
      const options = { authTagLength: AUTH_TAG_BYTES };
      const decipher = createDecipheriv(CIPHER, bytes, sealed.subarray(1, afterIv), options)
        .setAAD(context)
        .setAuthTag(sealed.subarray(afterIv, afterTag));
      try {
        return Buffer.concat([decipher.update(sealed.subarray(afterTag)), decipher.final()]);
      } catch {
        return undefined;
      }
    },
  };
}
