import type { Verdict } from '../method.ts';
import { outage, type Log } from '../outage.ts';
import type { KeyHasher } from './key-hash.ts';
import type { Finding, KeyMemory } from './key-memory.ts';
import type { KeyText } from './key-text.ts';
import { KeyRecordError } from './record.ts';
import { singleFlight } from './single-flight.ts';
import { sometimes } from './sometimes.ts';
import type { KeyStore } from './store.ts';

const RETRY_AFTER_S = 1;

const UNKNOWN = refused('there is no such key');
const WRONG_SECRET = refused('the secret of the key is wrong');
const REVOKED = refused('the key is revoked');
const UNUSABLE = unavailable('the record of the key is not as documented');

/**
 * Gives a function that finds out about a key from the store, and has the memory keep it under the key's digest. Never
 * rejects: while the store cannot be asked, a key is what it lately was.
 */
export function keyFinder(
  store: KeyStore,
  hasher: KeyHasher,
  memory: KeyMemory,
  log: Log | undefined,
): (key: KeyText, digest: string) => Promise<Finding> {
  const read = singleFlight(store);
  const storeOutage = outage(log, { method: 'api-key' }, 'The store of API keys');
  const warn = sometimes((attributes: object, message: string) => log?.warn(attributes, message));

  return async (key, digest) => {
    const { readAt, record: reading } = read(key.id);
    try {
      const record = await reading;
      storeOutage.ended();
      // Before all else and for every key, so that the time it takes does not tell which ids there are.
      const matches = hasher.matches(key, record?.hash);
      if (record === undefined) return memory.keepWrong(digest, UNKNOWN, readAt);
      if (!matches) return memory.keepWrong(digest, WRONG_SECRET, readAt);
      if (record.revokedAt !== undefined) return memory.keepWrong(digest, REVOKED, readAt);
      return memory.keepGood(digest, record, readAt);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (error instanceof KeyRecordError) {
        warn({ key: error.keyId, reason }, 'An API key cannot be used');
        return memory.keepWrong(digest, UNUSABLE, readAt);
      }
      storeOutage.began(reason);
      return memory.lastGood(digest) ?? { verdict: unavailable(reason) };
    }
  };
}

function refused(reason: string): Verdict {
  return Object.freeze({ outcome: 'refused', reason });
}

function unavailable(reason: string): Verdict {
  return Object.freeze({ outcome: 'unavailable', reason, retryAfter: RETRY_AFTER_S });
}
