import { metrics } from '@opentelemetry/api';
import type { ComposedState } from './composed-state.ts';

export interface CompositionMetrics {
  /** What came of the newest schemas. */
  ran(result: Awaited<ReturnType<ComposedState['take']>>): void;
  /** Stops observing. */
  close(): void;
}

const OUTCOMES = { taken: 'composed', refused: 'conflict', unchanged: 'unchanged' } as const;

/**
 * `gatehouse.composition.runs`, `gatehouse.composition.conflicts` (that stand now) and `gatehouse.supergraph.age` (s), by
 * OpenTelemetry's API: to be called when its SDK has been set up, if there is one.
 */
export function compositionMetrics(state: Pick<ComposedState, 'serving' | 'conflicts'>): CompositionMetrics {
  const meter = metrics.getMeter('gatehouse');
  const runs = meter.createCounter('gatehouse.composition.runs', {
    description: 'Times that the schemas of the subgraphs were collected, by what came of composing them',
  });
  const conflicts = meter.createObservableGauge('gatehouse.composition.conflicts', {
    description: 'Conflicts that keep the newest schemas from being served',
  });
  const age = meter.createObservableGauge('gatehouse.supergraph.age', {
    unit: 's',
    description: 'Time since the supergraph that is served was composed',
  });
  const observe: Parameters<typeof meter.addBatchObservableCallback>[0] = (result) => {
    result.observe(conflicts, state.conflicts().length);
    const serving = state.serving();
    if (serving) result.observe(age, (Date.now() - Date.parse(serving.composedAt)) / 1_000);
  };
  meter.addBatchObservableCallback(observe, [conflicts, age]);
  return {
    ran(result) {
      const failed = state.conflicts().some(({ code }) => code === 'COMPOSITION_FAILED');
      runs.add(1, { outcome: failed ? 'failed' : OUTCOMES[result] });
    },
    close: () => meter.removeBatchObservableCallback(observe, [conflicts, age]),
  };
}
