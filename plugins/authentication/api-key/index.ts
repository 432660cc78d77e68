import { hash } from 'node:crypto';
import type { SharedStore } from '../../redis/index.ts';
import type { AuthenticationMethod, Caller, Verdict } from '../method.ts';
import type { Log } from '../outage.ts';
import { keyStoreFromEnvironment } from './environment.ts';
import { keyFinder } from './find-key.ts';
import { keyHasher } from './key-hash.ts';
import { keyMemory, type Finding } from './key-memory.ts';
import { parseKey } from './key-text.ts';
import { verdictOn } from './pass.ts';
import type { KeyStore } from './store.ts';

export { keyStoreFromEnvironment } from './environment.ts';
export { KeyRecordError, type ApiKeyRecord } from './record.ts';
export type { KeyStore } from './store.ts';

export interface ApiKeyMethodOptions {
  readonly store: KeyStore;
  /** What the hashes in the store are keyed with; at least 32 characters, the same for all gateways of a store. */
  readonly hashSecret: string;
  /** Hears of a store that cannot be asked, and of records that are not as documented. */
  readonly log?: Log | undefined;
}

const MALFORMED: Verdict = Object.freeze({ outcome: 'refused', reason: 'it has not the form of an API key' });

/**
 * API keys: `gh_<id>_<secret>`, of which a store keeps a keyed hash and what the key may do. `npm run keys` makes,
 * lists and revokes them.
 *
 * What was read of a key is remembered for 900 ms and answers at once, whether the key is good or wrong; so every
 * gateway sees a revocation within a second. Expiry, origin and address are checked on every call.
 *
 * While the store cannot be asked, a key that was read as good within the last 60 s goes on being accepted (a
 * revocation in that time is seen when the store is back); any other is `unavailable`, to be tried again after 1 s.
 * A record that is not as documented makes its key `unavailable` in any case.
 *
 * Throws an Error that names `hashSecret` when that is too short, and does not repeat it.
 */
export function apiKeyMethod({ store, hashSecret, log }: ApiKeyMethodOptions): AuthenticationMethod {
  const memory = keyMemory();
  const find = keyFinder(store, keyHasher(hashSecret), memory, log);

  const decide = ({ pass, verdict }: Finding, caller: Caller, now: number): Verdict =>
    verdict ?? verdictOn(pass, caller, now);

  return {
    name: 'api-key',
    recognizes: ({ scheme }) => scheme === 'api-key',
    recall(credential, caller, now) {
      if (credential.scheme !== 'api-key') return undefined;
      if (parseKey(credential.key) === undefined) return MALFORMED;
      const known = memory.fresh(digestOf(credential.key));
      return known && decide(known, caller, now);
    },
    authenticate(credential, caller, now) {
      const key = credential.scheme === 'api-key' ? parseKey(credential.key) : undefined;
      if (credential.scheme !== 'api-key' || key === undefined) return MALFORMED;
      const digest = digestOf(credential.key);
      const known = memory.fresh(digest);
      return known ? decide(known, caller, now) : find(key, digest).then((found) => decide(found, caller, now));
    },
    review(credential, caller, now) {
      const key = credential.scheme === 'api-key' ? parseKey(credential.key) : undefined;
      if (credential.scheme !== 'api-key' || key === undefined) return MALFORMED;
      return find(key, digestOf(credential.key)).then((found) => decide(found, caller, now));
    },
  };
}

function digestOf(key: string): string {
  return hash('sha256', key, 'base64url');
}

/**
 * API keys with the hashes keyed by `API_KEY_SECRET`, kept in `redis`, or without it in the folder `GATEHOUSE_DIR`;
 * undefined when `API_KEY_SECRET` is not set. Throws like `apiKeyMethod`.
 */
export function apiKeysFromEnvironment(
  env: NodeJS.ProcessEnv,
  redis: SharedStore,
  log?: Log,
): AuthenticationMethod | undefined {
  if (!env.API_KEY_SECRET) return undefined;
  return apiKeyMethod({ store: keyStoreFromEnvironment(env, redis), hashSecret: env.API_KEY_SECRET, log });
}
