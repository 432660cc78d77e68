import type { SharedStore } from '../../redis/index.ts';
import { KeyRecordError, readRecord, type ApiKeyRecord } from './record.ts';
import type { KeyStore } from './store.ts';

const RECORD_PREFIX = 'gatehouse:api-key:';
/** Numbered from 0 without a gap, each holds the id of one key. */
const PLACE_PREFIX = 'gatehouse:api-key-place:';
const PLACES_AT_ONCE = 64;
/** The longest time to live there is, in ms. */
const FOREVER = Number.MAX_SAFE_INTEGER;

/** API keys for all gateways that share a store: one value for each key, and the list of ids. */
export function redisKeyStore(redis: SharedStore): KeyStore {
  async function read(id: string): Promise<ApiKeyRecord | undefined> {
    const text = await redis.get(RECORD_PREFIX + id);
    return text === null ? undefined : parse(id, text);
  }

  async function ids(): Promise<string[]> {
    const found: string[] = [];
    for (;;) {
      const places = Array.from({ length: PLACES_AT_ONCE }, (_, i) => PLACE_PREFIX + (found.length + i));
      const held = await Promise.all(places.map((place) => redis.get(place)));
      const end = held.indexOf(null);
      found.push(...held.slice(0, end === -1 ? undefined : end).filter((id) => id !== null));
      if (end !== -1) return found;
    }
  }

  /** A claim is given once, so processes that add at the same time get different places, without a lock. */
  async function addToList(id: string): Promise<void> {
    for (let number = (await ids()).length; ; number++) {
      const place = PLACE_PREFIX + number;
      if (!(await redis.claim(place, FOREVER, id))) continue;
      // Without a time to live it is not among what Redis may drop when it is full.
      await redis.set(place, id);
      return;
    }
  }

  return {
    read,

    async create(record) {
      // In this order no key is ever good without being listed.
      await addToList(record.id);
      await redis.set(RECORD_PREFIX + record.id, JSON.stringify(record));
    },

    async list() {
      const records = await Promise.all((await ids()).map((id) => read(id).catch(onlyRecordErrors)));
      return records.filter((record) => record !== undefined);
    },

    async revoke(id, at) {
      const record = await read(id);
      if (record === undefined || record.revokedAt !== undefined) return record;
      const revoked: ApiKeyRecord = { ...record, revokedAt: at.toISOString() };
      await redis.set(RECORD_PREFIX + id, JSON.stringify(revoked));
      return revoked;
    },
  };
}

function parse(id: string, text: string): ApiKeyRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message would quote the record.
    throw new KeyRecordError(id, 'it is not JSON');
  }
  return readRecord(id, value);
}

function onlyRecordErrors(error: unknown): KeyRecordError {
  if (error instanceof KeyRecordError) return error;
  throw error;
}
