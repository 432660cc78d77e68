import type { ScriptArgument, ScriptReply, StoreScript } from '../../redis/index.ts';
import { askBucket, settleBucket, settledBucket, takenFromBucket } from './bucket-wire.ts';
import type { CountedBy, Entry, EntryState } from './entry.ts';
import { askQuota, settleQuota, settledQuota, takenFromQuota } from './quota-wire.ts';
import { SETTLE } from './settle-script.ts';
import { TAKE } from './take-script.ts';
import { readerOf, type Wire } from './wire.ts';

/** An entry to take from; `ahead`: micro-tokens that are taken beside its amount, where there are twice as many. */
export interface Ask {
  readonly entry: Entry;
  readonly ahead: number;
}

export interface Taken {
  readonly state: EntryState;
  /** Micro-tokens that were taken ahead; 0 where the take was refused. */
  readonly ahead: number;
}

/** What was taken for an entry, and by how many micro-tokens that was too little; below 0, too much. */
export interface Difference {
  readonly state: EntryState;
  readonly difference: number;
}

/** Counts buckets and quotas, with one run of a script for each call. The answers are in the order of what was asked. */
export interface Counter {
  take(asks: readonly Ask[]): Promise<Taken[]>;
  settle(differences: readonly Difference[]): Promise<EntryState[]>;
}

export type RunScript = <Reply extends ScriptReply>(
  script: StoreScript<Reply>,
  keys: readonly string[],
  args: readonly ScriptArgument[],
) => Promise<Reply>;

/**
 * Counts by running the scripts somewhere. They answer with how things were; what that means for each entry is worked
 * out here, so that there is less to do where all gateways wait.
 */
export function createCounter(countedBy: Extract<CountedBy, 'store' | 'local'>, run: RunScript): Counter {
  return {
    async take(asks) {
      const wire: Wire = { keys: [], args: [] };
      const now = Date.now();
      const readers = asks.map(({ entry, ahead }) => {
        if (entry.kind === 'bucket') {
          askBucket(wire, entry, ahead);
          return (given: boolean): Taken => takenFromBucket(entry, given, countedBy, answer);
        }
        const turn = entry.quota.calendar.turnNear(now);
        askQuota(wire, entry, turn);
        return (given: boolean): Taken => ({
          state: takenFromQuota(entry, turn, given, at, countedBy, answer),
          ahead: 0,
        });
      });
      const answer = readerOf(await run(TAKE, wire.keys, [JSON.stringify(wire.args)]));
      const allGiven = answer() === 1;
      const at = answer();
      return readers.map((read) => read(allGiven));
    },

    async settle(differences) {
      const wire: Wire = { keys: [], args: [] };
      for (const { state, difference } of differences) {
        if (state.kind === 'bucket') settleBucket(wire, state.entry, difference);
        else settleQuota(wire, state, difference);
      }
      const answer = readerOf(await run(SETTLE, wire.keys, [JSON.stringify(wire.args)]));
      return differences.map(({ state }) =>
        state.kind === 'bucket' ? settledBucket(state, answer) : settledQuota(state, answer),
      );
    },
  };
}
