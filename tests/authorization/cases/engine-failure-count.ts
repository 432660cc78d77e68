import type { GatewayPlugin } from '@graphql-hive/gateway';
import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';

/** ms; only what is asked for is exported. */
const NEVER = 2 ** 31 - 1;

/** Sets up OpenTelemetry as an operator would, and tells at `/counted` how often each engine could not tell. */
export function useEngineFailureCount(): GatewayPlugin {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: NEVER });
  const provider = new MeterProvider({ readers: [reader] });
  metrics.setGlobalMeterProvider(provider);
  return {
    async onRequest({ url, endResponse }) {
      if (url.pathname !== '/counted') return;
      await provider.forceFlush();
      const scopes = exporter.getMetrics().at(-1)?.scopeMetrics ?? [];
      const failures = scopes
        .flatMap((scope) => scope.metrics)
        .find(({ descriptor }) => descriptor.name === 'gatehouse.authorization.engine_failures');
      const points = failures?.dataPoints.map(({ attributes, value }) => [attributes.engine, value]) ?? [];
      exporter.reset();
      endResponse(Response.json(Object.fromEntries(points)));
    },
  };
}
