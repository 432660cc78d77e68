import { setTimeout as sleep } from 'node:timers/promises';
import { backoff } from './backoff.ts';
import type { Dispatcher } from 'undici';
import type { CircuitBreaker } from './circuit-breaker.ts';
import type { ConcurrencyLimit, Release } from './concurrency-limit.ts';
import { CallFailed, type FailureKind } from './failure.ts';
import type { SubgraphLimits } from './options.ts';
import type { RecentCalls } from './recent-calls.ts';
import type { RetryBudget } from './retry-budget.ts';

/** What stands between the gateway and one subgraph, for as long as the process lives. */
export interface Guard {
  readonly breaker: CircuitBreaker;
  readonly concurrency: ConcurrencyLimit;
  readonly budget: RetryBudget;
  readonly recent: RecentCalls;
  readonly limits: SubgraphLimits;
  /** Its connections. */
  readonly pool: Dispatcher;
}

/**
 * Makes a call when the breaker and the concurrency limit let it, and again after a failure that may pass, if it may
 * be repeated and the budget and the deadline allow. Rejects with the last `CallFailed`.
 *
 * @param deadline on the clock of `performance.now`
 * @param gone aborts when nobody waits for the answer any more
 * @param call makes it once, within the signal
 * @param made told of each time that it was made, and how many ms that took
 */
export async function callGuarded<Answer>(
  guard: Guard,
  isRepeatable: boolean,
  deadline: number,
  gone: AbortSignal | undefined,
  call: (signal: AbortSignal) => Promise<Answer>,
  made: (outcome: 'success' | FailureKind, duration: number) => void,
): Promise<Answer> {
  const { budget, limits } = guard;
  budget.called();
  for (let retry = 1; ; retry++) {
    try {
      return await callOnce(guard, deadline, gone, call, made);
    } catch (error) {
      if (!(error instanceof CallFailed)) throw error;
      const wait = isRepeatable && retry <= limits.retries ? waitBefore(retry, error, limits) : undefined;
      if (wait === undefined || gone?.aborted || performance.now() + wait > deadline || !budget.take()) throw error;
      await sleep(wait);
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
  { breaker, concurrency, limits, recent }: Guard,
  deadline: number,
  gone: AbortSignal | undefined,
  call: (signal: AbortSignal) => Promise<Answer>,
  made: (outcome: 'success' | FailureKind, duration: number) => void,
): Promise<Answer> {
  const limited = withTimeout(gone, Math.min(limits.timeout, deadline - performance.now()));
  let release: Release | undefined;
  try {
    const room = enter(concurrency, limits, limited.signal);
    release = room instanceof Promise ? await room : room;
    const settle = breaker.enter();
    if (!settle) throw new CallFailed('refused', 'its circuit breaker is open');
    const begun = performance.now();
    try {
      const answer = await call(limited.signal);
      const duration = performance.now() - begun;
      settle('success');
      recent.answered(duration);
      made('success', duration);
      return answer;
    } catch (error) {
      const kind = error instanceof CallFailed ? error.kind : 'invalid';
      if (error instanceof CallFailed) made(kind, performance.now() - begun);
      settle(kind === 'cancelled' ? 'cancelled' : 'failure');
      if (kind !== 'cancelled') recent.failed(kind);
      throw error;
    }
  } finally {
    limited.end();
    release?.();
  }
}

function enter(concurrency: ConcurrencyLimit, limits: SubgraphLimits, signal: AbortSignal): Release | Promise<Release> {
  const room = concurrency.acquire(signal);
  if (!room) throw new CallFailed('refused', `${limits.concurrency} calls are under way and ${limits.queue} wait`);
  if (!(room instanceof Promise)) return room;
  return room.catch((cause: unknown) => {
    throw new CallFailed('refused', 'given up while waiting for other calls to end', { cause });
  });
}

/** A signal that aborts after so many ms, or with the other; `AbortSignal.any` and `timeout` cost several times as much. */
function withTimeout(gone: AbortSignal | undefined, timeout: number): { readonly signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  const follow = () => controller.abort(gone?.reason);
  const timer = setTimeout(
    () => controller.abort(new DOMException('The time limit has passed', 'TimeoutError')),
    Math.max(0, timeout),
  );
  if (gone?.aborted) follow();
  else gone?.addEventListener('abort', follow, { once: true });
  return {
    signal: controller.signal,
    end() {
      clearTimeout(timer);
      gone?.removeEventListener('abort', follow);
    },
  };
}
