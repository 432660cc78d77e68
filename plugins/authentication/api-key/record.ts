import type { Rate } from '../../request-context.ts';
import { problemOf } from './record-fields.ts';

/** What is stored of an API key. Times are ISO 8601 in UTC, with milliseconds. */
export interface ApiKeyRecord {
  readonly id: string;
  /** See `keyHasher`. The key cannot be made from it. */
  readonly hash: string;
  /** What it is for, in the words of who made it. */
  readonly name: string;
  /** The id of the principal that it speaks for. Default: the key's id. */
  readonly owner?: string;
  /** The application that it was given to. Default: the key's id. */
  readonly clientId?: string;
  readonly kind: 'user' | 'client';
  readonly scopes: readonly string[];
  readonly roles: readonly string[];
  readonly tier?: string;
  /** Its own rates, by the policy of `useLimits` that each stands in place of: for all keys of its owner together. */
  readonly limits?: Readonly<Record<string, Rate>>;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly createdAt: string;
  /** From then on it is refused. */
  readonly expiresAt?: string;
  /** Only for pages of these origins (RFC 6454, section 6.2), at least one. */
  readonly allowedOrigins?: readonly string[];
  /** Only from these addresses or ranges, at least one: `10.0.0.0/8`, `2001:db8::1`. */
  readonly allowedAddresses?: readonly string[];
  readonly revokedAt?: string;
}

/** A stored record is not as documented: nobody can tell what its key may do, so the key is not accepted. */
export class KeyRecordError extends Error {
  override readonly name = 'KeyRecordError';
  readonly keyId: string;
  constructor(keyId: string, problem: string) {
    super(`The record of API key ${keyId} is not as documented: ${problem}.`);
    this.keyId = keyId;
  }
}

/** A record as it was stored under `id`. Throws a KeyRecordError that says what is wrong with it. */
export function readRecord(id: string, value: unknown): ApiKeyRecord {
  const problem = problemOf(value);
  if (problem !== undefined) throw new KeyRecordError(id, problem);
  const record = value as ApiKeyRecord;
  if (record.id !== id) throw new KeyRecordError(id, 'it is that of another key');
  return record;
}
