import type { Difference } from './counter.ts';
import type { CountedBy, EntryState } from './entry.ts';
import { amountToMicro } from './micro-tokens.ts';

/** What was really used, against what was taken. */
export function differencesOf(states: readonly EntryState[], actual: readonly number[]): Difference[] {
  if (actual.length !== states.length) throw new RangeError('A settlement takes one amount for each entry.');
  return states.map((state, i) => ({
    // What was reached by the take has been said.
    state: state.kind === 'quota' ? { ...state, reached: [] } : state,
    difference: amountToMicro(actual[i] ?? 0) - amountToMicro(state.entry.amount),
  }));
}

/**
 * The states that change, of those who were counted by one of these, with how they are then. Undefined where `settle`
 * has no answer.
 */
export async function corrected(
  differences: readonly Difference[],
  countedBy: readonly CountedBy[],
  settle: (differences: readonly Difference[]) => Promise<readonly EntryState[] | undefined>,
): Promise<ReadonlyMap<EntryState, EntryState> | undefined> {
  const changed = differences.filter(
    ({ state, difference }) => difference !== 0 && countedBy.includes(state.countedBy),
  );
  if (changed.length === 0) return new Map();
  const states = await settle(changed);
  return states && new Map(changed.map(({ state }, i) => [state, states[i] ?? state]));
}
