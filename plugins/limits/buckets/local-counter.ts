import { LRUCache } from 'lru-cache';
import type { ScriptMemory } from '../../redis/index.ts';
import type { Overage } from '../quotas/quota.ts';
import { bucketState } from './bucket-wire.ts';
import type { Bucket } from './bucket.ts';
import { createCounter, type Counter, type Taken } from './counter.ts';
import type { Entry, EntryState, OnStoreFailure, Verdict } from './entry.ts';

/** Buckets and counts that are remembered. Whoever is forgotten, because so many others came since, has a full one. */
const MAX_KEYS = 50_000;
/** What somebody has to wait who is denied because the store does not answer, in ms. It is tried all the time. */
const DENIED_MS = 1000;

/**
 * Counts in this process alone, while the store does not answer: from buckets and quotas with the part of the tokens that
 * falls to this process. They begin full, since it is not known what was used before. So all processes together give what
 * the policies allow and, in one outage, at most one full bucket or quota more; and where the part of a process is less
 * than a request asks for, one such request for each process.
 *
 * @param processes among which the tokens are shared
 */
export function createLocalCounter(processes: number): Counter {
  const memory = boundedMemory();
  const counter = createCounter('local', async (script, keys, args) => script.inMemory(keys, args, memory, Date.now()));

  return {
    async take(asks) {
      const denied = asks.some(({ entry }) => whenAway(entry) === 'deny');
      const counted = asks
        .map(({ entry }) => entry)
        .filter((entry) => whenAway(entry) === 'local')
        .map((entry) => partOf(denied ? { ...entry, amount: 0 } : entry, processes));
      const taken = await counter.take(counted.map((entry) => ({ entry, ahead: 0 })));
      return asks.map(({ entry }): Taken => {
        const away = whenAway(entry);
        if (away !== 'local') return { state: uncounted(entry, away), ahead: 0 };
        const [{ state }] = taken.splice(0, 1) as [Taken];
        return { state: { ...state, entry } as EntryState, ahead: 0 };
      });
    },

    async settle(differences) {
      const states = await counter.settle(
        differences.map(({ state, difference }) => ({
          state: { ...state, entry: partOf(state.entry, processes) } as EntryState,
          difference,
        })),
      );
      return states.map((state, i) => ({ ...state, entry: differences[i]?.state.entry }) as EntryState);
    },
  };
}

function whenAway({ onStoreFailure = 'local' }: Entry): OnStoreFailure {
  return onStoreFailure;
}

function uncounted(entry: Entry, away: 'allow' | 'deny'): EntryState {
  const verdict: Verdict = away === 'allow' || entry.amount === 0 ? 'allowed' : { retryAfterMs: DENIED_MS };
  if (entry.kind === 'bucket') return bucketState(entry, 'nobody', verdict, 0);
  const now = Date.now();
  const { before, after } = entry.quota.calendar.turnNear(now);
  const period = now < after.startsAt ? before : after;
  const nothing = { used: 0, remaining: entry.quota.limit, beyond: 0, reached: [] };
  return { kind: 'quota', entry, countedBy: 'nobody', verdict, period, ...nothing };
}

/** The same with this process's part of the tokens, which is enough for what would be given from a full one. */
function partOf(entry: Entry, processes: number): Entry {
  const part = (tokens: number): number => Math.max(tokens / processes, Math.min(tokens, entry.amount));
  const partOfBucket = ({ capacity, refillPerSecond }: Bucket): Bucket => ({
    capacity: part(capacity),
    refillPerSecond: refillPerSecond / processes,
  });
  if (entry.kind === 'bucket') return { ...entry, bucket: partOfBucket(entry.bucket) };
  const overage: Overage =
    typeof entry.quota.overage === 'object'
      ? { throttle: partOfBucket(entry.quota.overage.throttle) }
      : entry.quota.overage;
  return { ...entry, quota: { ...entry.quota, limit: part(entry.quota.limit), overage } };
}

function boundedMemory(): ScriptMemory {
  const values = new LRUCache<string, string>({ max: MAX_KEYS });
  return {
    get: (key) => values.get(key) ?? null,
    set: (key, value, ttlMs) => void values.set(key, value, { ttl: ttlMs }),
    delete: (key) => void values.delete(key),
  };
}
