import type { SharedStore } from '../redis/index.ts';
import type { QuotaEntry, QuotaState } from './buckets/entry.ts';
import { createTokenStore, type TokenStore } from './buckets/token-store.ts';
import type { QuotaPolicy } from './policies/policy.ts';
import { createQuota } from './quotas/quota.ts';

/** What of a quota is used in the current period. */
export interface QuotaUsage {
  readonly policy: string;
  readonly for: string;
  readonly used: number;
  readonly limit: number;
  readonly remaining: number;
  /** ISO 8601. */
  readonly period: { readonly startsAt: string; readonly endsAt: string };
}

/** ms; for commands, which may wait. */
const TIMEOUT = 5_000;

/**
 * Reads a quota without taking from it. Rejects with an `Error` when the store is away.
 *
 * @param who as `scopeKey` says it
 */
export function quotaUsage(store: SharedStore, policy: QuotaPolicy, who: string): Promise<QuotaUsage> {
  return withTokens(store, async (tokens) => usageOf(policy, who, await stateOf(tokens, policy, who)));
}

/** Gives back all that was used in the current period. What is used meanwhile stays counted. */
export function resetQuota(store: SharedStore, policy: QuotaPolicy, who: string): Promise<QuotaUsage> {
  return withTokens(store, async (tokens) => {
    let state = await stateOf(tokens, policy, who);
    for (let before = Infinity; state.used > 0 && state.used < before;) {
      before = state.used;
      state = await givenBack(tokens, state);
    }
    return usageOf(policy, who, state);
  });
}

/** As if one take had used all of it, or as much as one take may, and nothing had been used in truth. */
async function givenBack(tokens: TokenStore, state: QuotaState): Promise<QuotaState> {
  const entry: QuotaEntry = { ...state.entry, amount: state.used };
  const settled = await tokens.settle({ outcome: 'admitted', states: [{ ...state, entry }] }, [0]);
  const [after] = settled.states;
  if (settled.outcome === 'lost' || after?.kind !== 'quota') throw new Error('Redis did not answer; try again');
  return after;
}

async function withTokens<Result>(store: SharedStore, use: (tokens: TokenStore) => Promise<Result>): Promise<Result> {
  const tokens = createTokenStore({ store, timeoutMs: TIMEOUT });
  try {
    return await use(tokens);
  } finally {
    await tokens.close();
  }
}

async function stateOf(tokens: TokenStore, policy: QuotaPolicy, who: string): Promise<QuotaState> {
  const { states } = await tokens.take([
    { kind: 'quota', key: `${policy.name}:${who}`, quota: createQuota(policy), amount: 0, onStoreFailure: 'deny' },
  ]);
  const [state] = states;
  if (state?.kind !== 'quota' || state.countedBy !== 'store') throw new Error('Redis did not answer; try again');
  return state;
}

function usageOf(policy: QuotaPolicy, who: string, { used, remaining, period }: QuotaState): QuotaUsage {
  const [startsAt, endsAt] = [new Date(period.startsAt).toISOString(), new Date(period.endsAt).toISOString()];
  return { policy: policy.name, for: who, used, limit: policy.limit, remaining, period: { startsAt, endsAt } };
}
