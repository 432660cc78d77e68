import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
  type MetricData,
} from '@opentelemetry/sdk-metrics';
import { afterEach, expect, test } from 'vitest';
import type { CircuitState } from '../../plugins/upstream/circuit-breaker.ts';
import { upstreamMetrics } from '../../plugins/upstream/metrics.ts';

afterEach(() => metrics.disable());

test('calls are counted by subgraph and outcome in seconds, and each breaker has its state', async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const provider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })] });
  metrics.setGlobalMeterProvider(provider);
  let circuit: CircuitState = 'closed';
  const upstream = upstreamMetrics(() => [{ name: 'reviews', circuit, running: 0, waiting: 0 }]);
  upstream.called('reviews', 'success', 20);
  upstream.called('reviews', 'success', 40);
  upstream.called('reviews', 'timeout', 3_000);
  const states: unknown[] = [];
  for (circuit of ['closed', 'open', 'half-open'] as const) {
    await provider.forceFlush();
    states.push(...points(exporter, 'gatehouse.circuit_breaker.state').map(({ value }) => value));
  }

  expect(states).toEqual([0, 2, 1]);
  const calls = points(exporter, 'graphql.subgraph.request.duration');
  expect(calls.map(({ attributes, value }) => ({ ...attributes, ...(value as object) }))).toEqual([
    expect.objectContaining({ subgraph: 'reviews', outcome: 'success', count: 2, sum: expect.closeTo(0.06) }),
    expect.objectContaining({ subgraph: 'reviews', outcome: 'timeout', count: 1, sum: 3 }),
  ]);
  await provider.shutdown();
});

/** The latest that was exported. */
function points(exporter: InMemoryMetricExporter, name: string): MetricData['dataPoints'][number][] {
  const scopes = exporter.getMetrics().at(-1)?.scopeMetrics ?? [];
  const metric = scopes.flatMap((scope) => scope.metrics).find(({ descriptor }) => descriptor.name === name);
  return metric?.dataPoints ?? [];
}
