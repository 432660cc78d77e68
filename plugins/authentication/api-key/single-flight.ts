import type { ApiKeyRecord } from './record.ts';
import type { KeyStore } from './store.ts';

/** One reading of a record, for everybody who asks while it is under way. */
export interface Reading {
  /** When it began, on the clock of `performance.now()`: the record is at most as old. */
  readonly readAt: number;
  readonly record: Promise<ApiKeyRecord | undefined>;
}

/** Reads records so that there is one reading of an id at a time. */
export function singleFlight(store: Pick<KeyStore, 'read'>): (id: string) => Reading {
  const underWay = new Map<string, Reading>();
  return (id) => {
    const joined = underWay.get(id);
    if (joined !== undefined) return joined;
    const record = store.read(id).finally(() => underWay.delete(id));
    const reading = { readAt: performance.now(), record };
    underWay.set(id, reading);
    return reading;
  };
}
