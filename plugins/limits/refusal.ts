import { GraphQLError } from 'graphql';
import type { Refused } from './buckets/entry.ts';
import type { Asked } from './admission.ts';
import type { Excess } from './static/static-limits.ts';

/** 400: the operation is larger than any that is executed. */
export function tooComplex({ measure, actual, limit }: Omit<Excess, 'mode'>): GraphQLError {
  return new GraphQLError(`The operation has ${actual} of ${measure}; at most ${limit} are executed.`, {
    extensions: { code: 'OPERATION_TOO_COMPLEX', measure, actual, limit, http: { status: 400 } },
  });
}

/** 429, by the policy that keeps the caller waiting longest; 400 when no waiting would help. */
export function limited({ states, retryAfterMs }: Refused, asked: readonly Asked[]): GraphQLError {
  const at = states.findIndex(({ verdict }) => verdict !== 'allowed' && verdict.retryAfterMs === retryAfterMs);
  const state = states[at];
  const { policy: { name: policy } = { name: '' }, field } = asked[at] ?? {};
  if (!state) throw new Error('what was refused was refused by a policy');
  const limit = state.kind === 'bucket' ? state.entry.bucket.capacity : state.entry.quota.limit;
  if (retryAfterMs === 'never' && !field) {
    const { amount } = state.entry;
    return new GraphQLError(`The operation costs ${amount}; the policy "${policy}" never gives more than ${limit}.`, {
      extensions: {
        code: 'OPERATION_TOO_COMPLEX',
        measure: 'cost',
        actual: amount,
        limit,
        policy,
        http: { status: 400 },
      },
    });
  }
  // Whoever has a field too often in one operation may have it less often then.
  const wait = retryAfterMs === 'never' ? (field?.window ?? 0) : retryAfterMs;
  const retryAfter = Math.max(1, Math.ceil(wait / 1000));
  const isQuota = state.kind === 'quota';
  return new GraphQLError(field?.message ?? (isQuota ? 'The quota is used up.' : 'Too many requests.'), {
    extensions: {
      code: isQuota ? 'QUOTA_EXCEEDED' : 'RATE_LIMITED',
      policy,
      limit,
      remaining: Math.floor(state.remaining),
      retryAfter,
      http: { status: 429, headers: { 'retry-after': String(retryAfter) } },
    },
  });
}
