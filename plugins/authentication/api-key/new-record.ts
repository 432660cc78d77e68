import type { KeyHasher } from './key-hash.ts';
import { formatKey, generateKey } from './key-text.ts';
import { problemOf } from './record-fields.ts';
import type { ApiKeyRecord } from './record.ts';

/** What a new key is to be. */
export type NewKey = Omit<ApiKeyRecord, 'id' | 'hash' | 'createdAt' | 'revokedAt'>;

/**
 * A new key and the record to store of it. `key` is its text, which nothing else gives again.
 *
 * Throws an Error that names a field of `wanted` which is not as `ApiKeyRecord` says.
 */
export function newRecord(wanted: NewKey, hasher: KeyHasher, now: Date): { key: string; record: ApiKeyRecord } {
  const key = generateKey();
  const record = { ...wanted, id: key.id, hash: hasher.hash(key), createdAt: now.toISOString() };
  const problem = problemOf(record);
  if (problem !== undefined) throw new Error(problem);
  return { key: formatKey(key), record };
}
