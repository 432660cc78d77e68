import { setTimeout as sleep } from 'node:timers/promises';
import { backoff } from './backoff.ts';
import type { CircuitBreaker } from './circuit-breaker.ts';
import type { ConcurrencyLimit } from './concurrency-limit.ts';
import { CallFailed } from './failure.ts';
import type { SubgraphLimits } from './options.ts';
import type { RetryBudget } from './retry-budget.ts';

/** What stands between the gateway and one subgraph, for as long as the process lives. */
export interface Guard {
  readonly breaker: CircuitBreaker;
  readonly concurrency: ConcurrencyLimit;
  readonly budget: RetryBudget;
  readonly limits: SubgraphLimits;
}

/**
 * Makes a call when the breaker and the concurrency limit let it, and again after a failure that may pass, if it may
 * be repeated and the budget allows. Rejects with the last `CallFailed`.
 *
 * @param call makes it once, within the signal
 * @param signal ends it all: the client has gone, or its deadline has passed
 */
export async function callGuarded<Answer>(
  guard: Guard,
  isRepeatable: boolean,
  signal: AbortSignal,
  call: (signal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  const { budget, limits } = guard;
  budget.called();
  for (let retry = 1; ; retry++) {
    try {
      return await callOnce(guard, signal, call);
    } catch (error) {
      if (!(error instanceof CallFailed)) throw error;
      const wait = isRepeatable && retry <= limits.retries ? waitBefore(retry, error, limits) : undefined;
      if (wait === undefined || signal.aborted || !budget.take()) throw error;
      await sleep(wait, undefined, { signal }).catch(() => {
        throw error;
      });
    }
  }
}

/** ms; undefined when the call is not to be made again. */
function waitBefore(
  retry: number,
  { isPassing, kind, retryAfter }: CallFailed,
  limits: SubgraphLimits,
): number | undefined {
  if (!isPassing || kind === 'refused' || kind === 'cancelled') return undefined;
  if (retryAfter !== undefined) return retryAfter <= limits.maxRetryAfter ? retryAfter : undefined;
  return backoff(retry, limits, Math.random);
}

async function callOnce<Answer>(
  { breaker, concurrency, limits }: Guard,
  signal: AbortSignal,
  call: (signal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  const room = concurrency.acquire(signal);
  if (!room) throw new CallFailed('refused', `${limits.concurrency} calls are under way and ${limits.queue} wait`);
  const release = await room.catch((reason: unknown) => {
    throw new CallFailed('cancelled', 'given up while waiting for other calls', { isPassing: false, cause: reason });
  });
  const settle = breaker.enter();
  if (!settle) {
    release();
    throw new CallFailed('refused', 'its circuit breaker is open');
  }
  try {
    const answer = await call(AbortSignal.any([signal, AbortSignal.timeout(limits.timeout)]));
    settle('success');
    return answer;
  } catch (error) {
    settle(error instanceof CallFailed && error.kind === 'cancelled' ? 'cancelled' : 'failure');
    throw error;
  } finally {
    release();
  }
}
