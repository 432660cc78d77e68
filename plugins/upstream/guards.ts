import type { Logger } from '@graphql-hive/gateway';
import { Agent } from 'undici';
import { circuitBreaker, type CircuitState } from './circuit-breaker.ts';
import { concurrencyLimit } from './concurrency-limit.ts';
import { limitsOf, type UpstreamOptions } from './options.ts';
import { recentCalls, type CallsSeen } from './recent-calls.ts';
import type { Guard } from './resilient-call.ts';
import { retryBudget } from './retry-budget.ts';

/** What the gateway knows of its calls to a subgraph. */
export interface UpstreamStatus {
  readonly name: string;
  readonly circuit: CircuitState;
  readonly running: number;
  readonly waiting: number;
  readonly calls: CallsSeen;
}

export interface Guards {
  of(subgraph: string): Guard;
  /** To be called after a call: logs when the circuit breaker has opened, or closed again. */
  tellCircuit(subgraph: string, logger: { readonly log: Pick<Logger, 'warn' | 'info'> }): void;
  /** For each subgraph that was called. */
  status(): readonly UpstreamStatus[];
  /** Ends all connections. */
  close(): Promise<void>;
}

/** Guards live as long as the process: a new supergraph does not make a subgraph forget that it is down. */
export function subgraphGuards(options: UpstreamOptions): Guards {
  const guards = new Map<string, Guard>();
  const told = new Map<string, CircuitState>();

  function guardOf(subgraph: string): Guard {
    const known = guards.get(subgraph);
    if (known) return known;
    const limits = limitsOf(options, subgraph);
    const guard: Guard = {
      limits,
      pool: new Agent({
        connections: limits.connections,
        keepAliveTimeout: limits.keepAlive,
        connect: { timeout: limits.connectTimeout },
        // A call has a time limit of its own, for all of it.
        headersTimeout: 0,
        bodyTimeout: 0,
      }),
      budget: retryBudget(limits.retryBudget),
      concurrency: concurrencyLimit({ calls: limits.concurrency, queue: limits.queue }),
      recent: recentCalls(),
      breaker: circuitBreaker(
        {
          window: limits.breakerWindow,
          minimumCalls: limits.breakerMinimumCalls,
          errorRate: limits.breakerErrorRate,
          slowRate: limits.breakerSlowRate,
          slowCall: limits.slowCall,
          openFor: limits.breakerOpenFor,
          probes: limits.breakerProbes,
        },
        () => performance.now(),
      ),
    };
    guards.set(subgraph, guard);
    return guard;
  }

  return {
    of: guardOf,
    tellCircuit(subgraph, logger) {
      const now = guardOf(subgraph).breaker.state();
      const before = told.get(subgraph) ?? 'closed';
      told.set(subgraph, now);
      if (now === 'open' && before !== 'open') {
        logger.log.warn(`The circuit breaker of "${subgraph}" is open: it is not called for a while`);
      } else if (now === 'closed' && before !== 'closed') {
        logger.log.info(`The circuit breaker of "${subgraph}" is closed again`);
      }
    },
    status: () =>
      [...guards].map(([name, { breaker, concurrency, recent }]) => ({
        name,
        circuit: breaker.state(),
        running: concurrency.running(),
        waiting: concurrency.waiting(),
        calls: recent.seen(),
      })),
    async close() {
      await Promise.all([...guards.values()].map(({ pool }) => pool.destroy()));
    },
  };
}
