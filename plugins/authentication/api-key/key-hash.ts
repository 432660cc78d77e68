import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import { formatKey, type KeyText } from './key-text.ts';

const LEAST_LENGTH = 32;
/** Stands in for the hash of a key that does not exist. */
const NO_HASH = Buffer.alloc(32);

/** Turns keys into what may be stored of them. */
export interface KeyHasher {
  /** 32 bytes in base64url. */
  hash(key: KeyText): string;
  /** Whether `hash` is that of the key. Takes as long for a wrong hash, or none, as for the right one. */
  matches(key: KeyText, hash: string | undefined): boolean;
}

/**
 * HMAC-SHA256 (RFC 2104) of the key's id and secret with `hashSecret`: who reads the store can neither use a key, nor
 * try out secrets, nor move a hash to another id.
 *
 * Throws an Error that names `hashSecret` and what it takes, and does not repeat it.
 */
export function keyHasher(hashSecret: string): KeyHasher {
  if (typeof hashSecret !== 'string' || hashSecret.length < LEAST_LENGTH) {
    throw new Error(
      `hashSecret (API_KEY_SECRET) takes a secret of at least ${LEAST_LENGTH} characters; make one with: openssl rand -base64 32`,
    );
  }
  const secret = createSecretKey(hashSecret, 'utf8');
  const digest = (key: KeyText): Buffer => createHmac('sha256', secret).update(formatKey(key)).digest();

  return {
    hash: (key) => digest(key).toString('base64url'),
    matches(key, hash) {
      const equal = timingSafeEqual(digest(key), hash === undefined ? NO_HASH : Buffer.from(hash, 'base64url'));
      return equal && hash !== undefined;
    },
  };
}
