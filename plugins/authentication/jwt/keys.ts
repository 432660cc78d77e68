import type { KeyObject } from 'node:crypto';
import type { CryptoKey } from 'jose';
import type { Reach } from '../outage.ts';

/** What a token's header says of its key. */
export interface SoughtKey {
  readonly algorithm: string;
  readonly kid: string | undefined;
}

export type KeyLookup =
  /** Several only for a token without a `kid`. */
  | { readonly outcome: 'found'; readonly keys: readonly (CryptoKey | KeyObject)[]; readonly version: number }
  | { readonly outcome: 'unknown' }
  /** `retryAfter` in s. */
  | { readonly outcome: 'unavailable'; readonly retryAfter: number };

/** The keys of an issuer. */
export interface IssuerKeys {
  /** Another number when any of the keys is another: what was decided under the old one is to be decided afresh. */
  version(): number;
  /** To be called when its keys are relied on, at `now`, in ms since 1970: has them asked for again when they are old. */
  used(now: number): void;
  /**
   * Never rejects.
   *
   * @param tried a version in which it was not found by trial; another one is wanted
   */
  find(sought: SoughtKey, now: number, tried?: number): Promise<KeyLookup>;
  /** Of the issuer; undefined where nobody is asked for them. */
  reach(): Reach | undefined;
  close(): void;
}

/** The one key of an issuer that publishes none. */
export function staticKey(key: KeyObject): IssuerKeys {
  const found: Promise<KeyLookup> = Promise.resolve({ outcome: 'found', keys: [key], version: 0 });
  return { version: () => 0, used() {}, find: () => found, reach: () => undefined, close() {} };
}
