import { StoreUnavailableError, type SharedStore } from '../../redis/index.ts';
import { createCircuit } from './circuit.ts';
import { createCounter, type Ask, type Difference, type Taken } from './counter.ts';
import { takeAnswer, type Admitted, type Entry, type Settled, type TakeAnswer } from './entry.ts';
import { takeFromLeases, takeWithLeases } from './leased-take.ts';
import { createLeases, type LeaseOptions } from './leases.ts';
import { createLocalCounter } from './local-counter.ts';
import { corrected, differencesOf } from './settlement.ts';

/** Entries in one take: a script that takes longer keeps all gateways waiting. */
export const MAX_ENTRIES = 256;

const TIMEOUT_MS = 50;
const PROCESSES = 4;

/** What is taken to see whether the store can be used: it is given every time, and so written. */
const PROBE: Ask = {
  entry: { kind: 'bucket', key: 'probe', bucket: { capacity: 1e6, refillPerSecond: 1e6 }, amount: 1 },
  ahead: 0,
};

export interface TokenStoreOptions {
  readonly store: SharedStore;
  /**
   * How long a take may wait for the store, in ms. After a failure no other take waits until the store has answered
   * again. Default: 50.
   */
  readonly timeoutMs?: number;
  /**
   * How many gateway processes share the store. While it does not answer, each gives its part of the tokens. Default: 4.
   */
  readonly processes?: number;
  /** Default: none, every take asks the store. */
  readonly leases?: LeaseOptions;
}

/** Token buckets and quotas that all gateway processes share. */
export interface TokenStore {
  /**
   * Takes the amounts of all entries, or nothing: in one round trip, by the store's clock. Never waits longer than the
   * timeout and never rejects for a store that is away, see `OnStoreFailure`. A take whose answer came too late may have
   * been counted all the same.
   *
   * Answers without a promise where leases have all of it.
   *
   * Throws a TypeError for two entries of one key (sum up what is asked of it), a RangeError for more than `MAX_ENTRIES`
   * and for an amount that is not a number.
   */
  take(entries: readonly Entry[]): TakeAnswer | Promise<TakeAnswer>;

  /**
   * Corrects a take, once, when it is known what was really used: gives back what was too much, charges what was too
   * little, where it was counted. A bucket becomes at most full, and lacks at most twice its capacity; a quota counts
   * whatever was used. Where nothing changes nobody is asked. As `take`, it neither waits nor rejects for a store that
   * is away: then the take stands as it is.
   *
   * @param actual the amounts really used, one for each entry
   */
  settle(admitted: Admitted, actual: readonly number[]): Promise<Settled>;

  /** Gives back what leases hold, and ends timers. The store stays open. */
  close(): Promise<void>;
}

/**
 * Throws a RangeError that names the option that is wrong.
 *
 * @example
 * const tokens = createTokenStore({ store: connectRedis({ url }) });
 * const bucket = { capacity: 100, refillPerSecond: 10 };
 * const answer = await tokens.take([{ kind: 'bucket', key: 'per-client:web', bucket, amount: 1 }]);
 * if (answer.outcome === 'refused') return tooMany(answer.retryAfterMs);
 */
export function createTokenStore({
  store,
  timeoutMs = TIMEOUT_MS,
  processes = PROCESSES,
  leases: leaseOptions,
}: TokenStoreOptions): TokenStore {
  checkWhole('timeoutMs', timeoutMs);
  checkWhole('processes', processes);
  const shared = createCounter('store', (script, keys, args) => store.run(script, keys, args, { timeoutMs }));
  const local = createLocalCounter(processes);
  const circuit = createCircuit(() => shared.take([PROBE]));
  const returned = new Set<Promise<unknown>>();
  const leases = leaseOptions && createLeases(leaseOptions, giveBack);

  /** What the store answers, or undefined while it is away. */
  async function unlessAway<T>(ask: () => Promise<T>): Promise<T | undefined> {
    if (circuit.isOpen()) return undefined;
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      circuit.open();
      return undefined;
    }
  }

  async function takeAll(asks: readonly Ask[]): Promise<Taken[]> {
    return (await unlessAway(() => shared.take(asks))) ?? local.take(asks);
  }

  async function takeShared(entries: readonly Entry[]): Promise<TakeAnswer> {
    if (leases !== undefined) return takeAnswer(await takeWithLeases(leases, takeAll, entries));
    const taken = await takeAll(entries.map((entry) => ({ entry, ahead: 0 })));
    return takeAnswer(taken.map(({ state }) => state));
  }

  function giveBack(unused: readonly Difference[]): void {
    const giving = unlessAway(() => shared.settle(unused)).finally(() => returned.delete(giving));
    returned.add(giving);
  }

  return {
    take(entries) {
      checkEntries(entries);
      if (entries.length === 0) return takeAnswer([]);
      const leased = leases && takeFromLeases(leases, entries);
      return leased ? takeAnswer(leased) : takeShared(entries);
    },

    async settle({ states }, actual) {
      const differences = differencesOf(states, actual).map(({ state, difference }): Difference => {
        const leased = state.kind === 'bucket' && state.countedBy === 'lease' && leases !== undefined;
        return { state, difference: leased ? leases.settle(state, difference) : difference };
      });
      const here = await corrected(differences, ['local'], local.settle);
      const there = await corrected(differences, ['store', 'lease'], (changed) =>
        unlessAway(() => shared.settle(changed)),
      );
      const settled = differences.map(({ state }) => there?.get(state) ?? here?.get(state) ?? state);
      return { outcome: there === undefined ? 'lost' : 'settled', states: settled };
    },

    async close() {
      circuit.close();
      leases?.close();
      await Promise.all(returned);
    },
  };
}

function checkWhole(option: string, value: number): void {
  if (!(Number.isSafeInteger(value) && value > 0)) {
    throw new RangeError(`${option} takes a whole number above 0, not ${value}.`);
  }
}

function checkEntries(entries: readonly Entry[]): void {
  if (entries.length > MAX_ENTRIES) throw new RangeError(`A take has at most ${MAX_ENTRIES} entries.`);
  for (const { kind, key, amount } of entries) {
    if (Number.isNaN(amount)) throw new RangeError(`The amount for the ${kind} ${key} is not a number.`);
  }
  if (hasTwice(entries)) throw new TypeError('A take has two entries of one key: sum up what is asked of it.');
}

function hasTwice(entries: readonly Entry[]): boolean {
  const [first, second, third] = entries;
  // As good as always there are one or two.
  if (!third) return second !== undefined && first?.key === second.key && first.kind === second.kind;
  return new Set(entries.map(({ kind, key }) => kind + key)).size < entries.length;
}
