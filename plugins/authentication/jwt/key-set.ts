import { LRUCache } from 'lru-cache';
import { EndpointFailed } from '../issuer-endpoint.ts';
import { outage, type Log } from '../outage.ts';
import type { FetchKeySet } from './fetch-key-set.ts';
import type { IssuerKeys, KeyLookup, SoughtKey } from './keys.ts';
import { pacedRequest } from './paced-request.ts';
import { parseKeySet, type SelectKeys } from './selection.ts';

/** How old a set in use gets, in ms. */
const REFRESH_AFTER = 600_000;
/** Keys that were looked for in vain. */
const MAX_ABSENT = 1_000;
/** s; an issuer that does not answer is asked again after as much. */
const RETRY_AFTER = 1;

interface KeySet {
  readonly text: string;
  readonly select: SelectKeys;
  readonly fetchedAt: number;
}

/**
 * The published keys of an issuer, asked for at once and in the background. The last good set serves for as long as
 * the issuer gives no other, so an issuer that is down costs only those whose key is new.
 *
 * A key that is not in the set has the issuer asked: one request for all who wait, and the next not before the cooldown
 * has ended. A kid that was looked for in vain is refused until then; a kid never seen waits for that request, so that
 * neither a flood of made-up kids nor a second rotation turns a good token away.
 *
 * (jose's own remote set drops the old one with its age, asks a failing issuer without a pause, and refuses whatever
 * comes within the cooldown.)
 *
 * @param now ms since 1970, for the first request only
 */
export function publishedKeys(issuer: string, fetchSet: FetchKeySet, now: number, log: Log | undefined): IssuerKeys {
  const trouble = outage(log, { issuer }, 'The key set of an issuer');
  const closing = new AbortController();
  const request = pacedRequest(load, closing.signal);
  const absent = new LRUCache<string, true>({ max: MAX_ABSENT });
  let current: KeySet | undefined;
  let version = 0;

  async function load(at: number): Promise<void> {
    try {
      const text = await fetchSet(closing.signal);
      if (text === current?.text) {
        current = { ...current, fetchedAt: at };
      } else {
        current = { text, select: parse(text), fetchedAt: at };
        version++;
      }
      trouble.ended();
    } catch (error) {
      if (!closing.signal.aborted) trouble.began((error as Error).message);
      throw error;
    }
  }

  function used(at: number): void {
    if (current !== undefined && at - current.fetchedAt >= REFRESH_AFTER) request.refresh(at);
  }

  async function lookUp(sought: SoughtKey, tried: number | undefined): Promise<KeyLookup | undefined> {
    const read = version;
    if (read === tried) return undefined;
    const keys = (await current?.select(sought)) ?? [];
    return keys.length > 0 ? { outcome: 'found', keys, version: read } : undefined;
  }

  request.refresh(now);
  return {
    version: () => version,
    used,
    async find(sought, at, tried) {
      used(at);
      const known = await lookUp(sought, tried);
      if (known) return known;
      const name = JSON.stringify([sought.algorithm, sought.kid]);
      if (request.coolingDown(at) && absent.has(name)) return { outcome: 'unknown' };
      if (!(await request.next(at))) return { outcome: 'unavailable', retryAfter: RETRY_AFTER };
      const found = await lookUp(sought, tried);
      if (!found) absent.set(name, true);
      return found ?? { outcome: 'unknown' };
    },
    reach: trouble.reach,
    close: () => closing.abort(),
  };
}

function parse(text: string): SelectKeys {
  try {
    return parseKeySet(text);
  } catch (cause) {
    throw new EndpointFailed('gave something that is not a JWK set', { cause });
  }
}
