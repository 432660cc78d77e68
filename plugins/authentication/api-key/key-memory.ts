import { LRUCache } from 'lru-cache';
import type { Verdict } from '../method.ts';
import { passFor, type Pass } from './pass.ts';
import type { ApiKeyRecord } from './record.ts';

/** How long what was read is answered from memory, in ms; with the time to read again, less than a second. */
const FRESH_MS = 900;
/** For how long a good key is accepted while its record cannot be read again, in ms. */
const GRACE_MS = 60_000;
/** Of good keys, and again of wrong ones. */
const MOST_KEYS = 10_000;

/** What is known of a key: a good one has a pass, on any other there is a verdict. */
export type Finding =
  | { readonly pass: Pass; readonly verdict?: undefined }
  | { readonly pass?: undefined; readonly verdict: Verdict };

/**
 * What was found out about keys lately, under a digest of the key. All times are on the clock of `performance.now()`,
 * which nobody can set back.
 */
export interface KeyMemory {
  /** What was read within the last 900 ms. */
  fresh(digest: string): Finding | undefined;
  /** What was read of a good key within the last 60 s, and not contradicted since. */
  lastGood(digest: string): Finding | undefined;
  /** Remembers a good key; an unchanged record keeps its pass. */
  keepGood(digest: string, record: ApiKeyRecord, readAt: number): Finding;
  keepWrong(digest: string, verdict: Verdict, readAt: number): Finding;
}

type Remembered = { readonly finding: Finding; readonly readAt: number };

export function keyMemory(): KeyMemory {
  const good = new LRUCache<string, Remembered & { readonly finding: { readonly pass: Pass } }>({ max: MOST_KEYS });
  // Apart, so that guesses do not drive out good keys.
  const wrong = new LRUCache<string, Remembered>({ max: MOST_KEYS });

  return {
    fresh(digest) {
      const remembered = good.get(digest) ?? wrong.get(digest);
      return remembered && performance.now() - remembered.readAt < FRESH_MS ? remembered.finding : undefined;
    },

    lastGood(digest) {
      const remembered = good.get(digest);
      return remembered && performance.now() - remembered.readAt < GRACE_MS ? remembered.finding : undefined;
    },

    keepGood(digest, record, readAt) {
      const known = good.get(digest)?.finding;
      const finding = known && isSame(known.pass.record, record) ? known : { pass: passFor(record) };
      wrong.delete(digest);
      good.set(digest, { finding, readAt });
      return finding;
    },

    keepWrong(digest, verdict, readAt) {
      const finding = { verdict };
      good.delete(digest);
      wrong.set(digest, { finding, readAt });
      return finding;
    },
  };
}

function isSame(one: ApiKeyRecord, other: ApiKeyRecord): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
