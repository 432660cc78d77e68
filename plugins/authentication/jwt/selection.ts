import { createLocalJWKSet, errors, type CryptoKey, type JSONWebKeySet } from 'jose';
import type { SoughtKey } from './keys.ts';

/** Gives the keys of a set that a token may be signed with; none when there is none, or none of use. */
export type SelectKeys = (sought: SoughtKey) => Promise<readonly CryptoKey[]>;

/** Throws for what is not a JWK set. */
export function parseKeySet(text: string): SelectKeys {
  const keyOf = createLocalJWKSet(JSON.parse(text) as JSONWebKeySet);
  return async ({ algorithm, kid }) => {
    try {
      return [await keyOf({ alg: algorithm, ...(kid === undefined ? {} : { kid }) })];
    } catch (error) {
      const keys: CryptoKey[] = [];
      if (error instanceof errors.JWKSMultipleMatchingKeys) for await (const key of error) keys.push(key);
      return keys;
    }
  };
}
