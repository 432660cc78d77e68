import { createHmac } from 'node:crypto';

/**
 * What stands for a value that is not written: `mask`, the name of its type (`[String]`); `hash`, that with a keyed
 * hash (HMAC-SHA-256), by which equal values can be told to be equal; `drop`, nothing.
 */
export type RedactionMode = 'mask' | 'hash' | 'drop';

/** Undefined: nothing stands for it. */
export type Redact = (typeName: string, value: unknown) => string | undefined;

/** A keyed hash of a text, for one purpose: the same text is another for another purpose. */
export type KeyedHash = (text: string) => string;

/** Half of SHA-256, in base64url: enough that no two values meet. */
const HASH_CHARACTERS = 22;

export function keyedHash(key: Buffer, purpose: string): KeyedHash {
  return (text) =>
    createHmac('sha256', key).update(`${purpose}\n${text}`).digest('base64url').slice(0, HASH_CHARACTERS);
}

/** @param hash needed for `hash` */
export function redaction(mode: RedactionMode, hash: KeyedHash | undefined): Redact {
  if (mode === 'drop') return () => undefined;
  if (mode === 'mask' || !hash) return (typeName) => `[${typeName}]`;
  return (typeName, value) => `[${typeName} ${hash(JSON.stringify(value) ?? '')}]`;
}
