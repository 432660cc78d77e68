import { metrics } from '@opentelemetry/api';
import type { CircuitState } from './circuit-breaker.ts';
import type { FailureKind } from './failure.ts';
import type { UpstreamStatus } from './guards.ts';

export interface UpstreamMetrics {
  /** One call that was made, of so many ms. */
  called(subgraph: string, outcome: 'success' | FailureKind, duration: number): void;
  /** Stops observing. */
  close(): void;
}

const CIRCUIT_VALUES: Readonly<Record<CircuitState, number>> = { closed: 0, 'half-open': 1, open: 2 };

/**
 * `graphql.subgraph.request.duration` (s) and `gatehouse.circuit_breaker.state` (0 closed, 1 half-open, 2 open), by
 * OpenTelemetry's API: to be called when its SDK has been set up, if there is one.
 */
export function upstreamMetrics(status: () => readonly Pick<UpstreamStatus, 'name' | 'circuit'>[]): UpstreamMetrics {
  const meter = metrics.getMeter('gatehouse');
  const duration = meter.createHistogram('graphql.subgraph.request.duration', {
    unit: 's',
    description: 'Calls to subgraphs',
  });
  const circuit = meter.createObservableGauge('gatehouse.circuit_breaker.state', {
    description: 'Circuit breakers of subgraphs: 0 closed, 1 half-open, 2 open',
  });
  const observe: Parameters<typeof circuit.addCallback>[0] = (result) => {
    for (const { name, circuit: state } of status()) result.observe(CIRCUIT_VALUES[state], { subgraph: name });
  };
  circuit.addCallback(observe);
  return {
    called: (subgraph, outcome, ms) => duration.record(ms / 1_000, { subgraph, outcome }),
    close: () => circuit.removeCallback(observe),
  };
}
