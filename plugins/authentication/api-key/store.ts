import type { ApiKeyRecord, KeyRecordError } from './record.ts';

/**
 * Where the records of API keys are kept. Every method rejects when the store cannot be asked; the message says why,
 * and holds nothing of a record but its id.
 */
export interface KeyStore {
  /** Undefined for an id that no key has. Rejects with a KeyRecordError for a record that is not as documented. */
  read(id: string): Promise<ApiKeyRecord | undefined>;

  /** Keeps a record under its id, which is new: see `generateKey`. */
  create(record: ApiKeyRecord): Promise<void>;

  /**
   * All records in the order in which they were made, also of keys that are revoked or have expired; an error in place
   * of one that is not as documented.
   */
  list(): Promise<readonly (ApiKeyRecord | KeyRecordError)[]>;

  /**
   * Marks a key as revoked at a time, for good: one that is revoked stays so, with the time it has. Gives the record
   * as it is then; undefined for an id that no key has. Rejects like `read`.
   */
  revoke(id: string, at: Date): Promise<ApiKeyRecord | undefined>;
}
