import { keyHasher } from '../../../plugins/authentication/api-key/key-hash.ts';
import { newRecord, type NewKey } from '../../../plugins/authentication/api-key/new-record.ts';
import type { ApiKeyRecord, KeyStore } from '../../../plugins/authentication/api-key/index.ts';
import type { AuthenticationMethod, Caller, Verdict } from '../../../plugins/authentication/method.ts';

/** What the hashes of all keys in the tests are keyed with. */
export const HASH_SECRET = 'a secret of the tests, and of nothing else';

export const CALLER: Caller = { address: '192.0.2.7', origin: undefined };

/** A new key, not yet in any store. */
export function aKey(wanted: Partial<NewKey> = {}): { key: string; record: ApiKeyRecord } {
  const defaults: NewKey = { name: 'a key', kind: 'client', scopes: [], roles: [] };
  return newRecord({ ...defaults, ...wanted }, keyHasher(HASH_SECRET), new Date());
}

/** The text and the id of a new key in a store. */
export async function createKey(
  store: KeyStore,
  wanted: Partial<NewKey> = {},
): Promise<{ key: string; id: string; record: ApiKeyRecord }> {
  const { key, record } = aKey(wanted);
  await store.create(record);
  return { key, id: record.id, record };
}

/** A key of the right form with the same id and another secret. */
export function withOtherSecret(key: string): string {
  const last = key.at(-1) === 'A' ? 'E' : 'A';
  return key.slice(0, -1) + last;
}

export function secretOf(key: string): string {
  return key.split('_').slice(2).join('_');
}

/** The verdict of a method on a key. */
export async function ask(
  method: AuthenticationMethod,
  key: string,
  caller: Caller = CALLER,
  now: number = Date.now(),
): Promise<Verdict> {
  return method.authenticate({ scheme: 'api-key', key }, caller, now);
}

export async function outcomeOf(method: AuthenticationMethod, key: string): Promise<Verdict['outcome']> {
  return (await ask(method, key)).outcome;
}
