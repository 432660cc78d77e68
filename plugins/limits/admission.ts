import type { GraphQLError } from 'graphql';
import type { Cost } from '../operation/index.ts';
import type { Admitted, Entry, EntryState, QuotaState, TakeAnswer } from './buckets/entry.ts';
import { MAX_ENTRIES, type TokenStore } from './buckets/token-store.ts';
import type { Standing } from './headers.ts';
import type { CompiledPolicy } from './policies/compiled-policy.ts';
import type { Caller, NamedOperation } from './policies/policy.ts';
import { limited, tooComplex } from './refusal.ts';

/** A policy that applies, and what it is asked for. */
export interface Asked {
  readonly policy: Pick<CompiledPolicy, 'name' | 'unit' | 'amountOf'>;
  readonly entry: Entry;
  /** Of the limit of a field: what is told to who is refused, and the time in which it comes back, in ms. */
  readonly field?: { readonly message: string | undefined; readonly window: number };
}

/** Whether an operation, or an event, is within all limits that apply. */
export type Admission =
  | {
      readonly outcome: 'admitted';
      readonly standings: readonly Standing[];
      /** Corrects what was taken when it is known what was used. Never rejects. */
      settle(actual: Cost): Promise<void>;
    }
  | { readonly outcome: 'refused'; readonly standings: readonly Standing[]; readonly error: GraphQLError };

export interface AdmissionWitness {
  decided(policy: string, outcome: 'allowed' | 'refused'): void;
  /** A threshold of a quota was reached, for the first time in its period. */
  reached(policy: string, state: QuotaState, threshold: number): void;
}

export interface Admissions {
  /** @param fields what the limits of single fields ask for */
  admit(
    caller: Caller,
    operation: NamedOperation,
    cost: Cost,
    fields: readonly Asked[],
  ): Admission | Promise<Admission>;
  /** Whether any policy counts events. */
  readonly countsEvents: boolean;
  /** As `admit`, of the policies that count events. */
  admitEvent(caller: Caller, operation: NamedOperation, cost: Cost): Admission | Promise<Admission>;
}

const FREE: Admission = { outcome: 'admitted', standings: [], settle: () => Promise.resolve() };

/** Asks all policies that apply in one take. */
export function admissions(
  policies: readonly CompiledPolicy[],
  tokens: TokenStore,
  witness: AdmissionWitness,
): Admissions {
  const ofEvents = policies.filter(({ countsEvents }) => countsEvents);

  function take(asked: readonly Asked[]): Admission | Promise<Admission> {
    const answer = tokens.take(asked.map(({ entry }) => entry));
    return answer instanceof Promise ? answer.then((taken) => conclude(asked, taken)) : conclude(asked, answer);
  }

  function conclude(asked: readonly Asked[], answer: TakeAnswer): Admission {
    const told: Standing[] = [];
    for (const [index, { policy, field }] of asked.entries()) {
      const state = answer.states[index];
      if (!state) continue;
      witness.decided(policy.name, state.verdict === 'allowed' ? 'allowed' : 'refused');
      tellReached(policy, state);
      if (!field) told.push({ policy: policy.name, unit: policy.unit, state });
    }
    if (answer.outcome === 'refused') return { outcome: 'refused', standings: told, error: limited(answer, asked) };
    return { outcome: 'admitted', standings: told, settle: (actual) => settle(asked, answer, actual) };
  }

  async function settle(asked: readonly Asked[], admitted: Admitted, actual: Cost): Promise<void> {
    const used = asked.map(({ policy }) => policy.amountOf(actual));
    if (used.every((amount, index) => amount === asked[index]?.entry.amount)) return;
    const { states } = await tokens.settle(admitted, used);
    for (const [index, { policy }] of asked.entries()) {
      const state = states[index];
      if (state) tellReached(policy, state);
    }
  }

  function tellReached({ name }: Asked['policy'], state: EntryState): void {
    if (state.kind !== 'quota') return;
    for (const threshold of state.reached) witness.reached(name, state, threshold);
  }

  function ask(
    among: readonly CompiledPolicy[],
    caller: Caller,
    operation: NamedOperation,
    cost: Cost,
    fields: readonly Asked[],
  ): Admission | Promise<Admission> {
    const asked = [...fields];
    for (const policy of among) {
      const entry = policy.entryFor(caller, operation, cost);
      if (entry) asked.push({ policy, entry });
    }
    if (asked.length > MAX_ENTRIES) {
      const error = tooComplex({ measure: 'limits', actual: asked.length, limit: MAX_ENTRIES });
      return { outcome: 'refused', standings: [], error };
    }
    return asked.length === 0 ? FREE : take(asked);
  }

  return {
    countsEvents: ofEvents.length > 0,
    admit: (caller, operation, cost, fields) => ask(policies, caller, operation, cost, fields),
    admitEvent: (caller, operation, cost) => ask(ofEvents, caller, operation, cost, []),
  };
}
