import type { ApiKeyRecord, KeyStore } from '../../../plugins/authentication/api-key/index.ts';
import { readRecord } from '../../../plugins/authentication/api-key/record.ts';

/** A store in the test's hands. */
export interface ControlledStore extends KeyStore {
  /** What is stored, by id: any JSON. */
  readonly stored: Map<string, unknown>;
  /** How often a record was asked for. */
  reads(): number;
  /** Every read rejects with it, until it is undefined. */
  fail(error: Error | undefined): void;
  /** Keeps reads waiting from now on; the returned function answers them, with what is stored then. */
  hold(): () => void;
}

export function controlledStore(): ControlledStore {
  const stored = new Map<string, unknown>();
  let reads = 0;
  let failure: Error | undefined;
  let held: Promise<void> | undefined;

  async function read(id: string): Promise<ApiKeyRecord | undefined> {
    reads++;
    await held;
    if (failure) throw failure;
    // As from a store: another object each time.
    return stored.has(id) ? readRecord(id, JSON.parse(JSON.stringify(stored.get(id)))) : undefined;
  }

  return {
    stored,
    read,
    reads: () => reads,
    fail: (error) => void (failure = error),
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = promise;
      return () => {
        held = undefined;
        resolve();
      };
    },
    create: async (record) => void stored.set(record.id, record),
    list: () => Promise.reject(new Error('not in these tests')),
    async revoke(id, at) {
      const record = await read(id);
      if (record) stored.set(id, { ...record, revokedAt: at.toISOString() });
      return record;
    },
  };
}
