import type { Logger } from '@graphql-hive/gateway';
import { metrics } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { observeConnections, type Connections } from './connection-metrics.ts';
import { exemplarStore } from './exemplars.ts';
import { operationMetrics, type OperationMetrics, type OperationTotals } from './operation-metrics.ts';
import { PageReader } from './page-reader.ts';
import { exposition } from './prometheus/exposition.ts';
import { CONTENT_TYPES, preferredFormat } from './prometheus/format.ts';
import { pushReader, type PushOptions } from './push.ts';
import { observeRuntime } from './runtime-metrics.ts';
import { boundariesOf, DURATIONS, MAX_SERIES } from './boundaries.ts';
import { summingMeters } from './summing-meter.ts';

export type { MeasuredOperation, MeasuredRequest, OperationTotals } from './operation-metrics.ts';
export { pushFromEnvironment, type PushOptions } from './push.ts';

export interface MetricsOptions extends Connections {
  /** What the metrics are of. */
  readonly resource: Resource;
  /** Where they are sent; the page alone without it. See `pushFromEnvironment`. */
  readonly push?: PushOptions | undefined;
  readonly log: Pick<Logger, 'warn' | 'info'>;
}

export interface Metrics extends Pick<OperationMetrics, 'recordOperation' | 'recordRequest' | 'recordResolver'> {
  /** For Prometheus: its text format, or OpenMetrics with exemplars when the `Accept` header likes that better. */
  page(accept: string | undefined): Promise<{ readonly contentType: string; readonly body: string }>;
  status(): OperationTotals;
  /** Sends what has not been sent, for at most 3 s, and stops. */
  shutdown(): Promise<void>;
}

/** ms */
const SHUTDOWN_TIMEOUT = 3_000;

/**
 * Sets OpenTelemetry's SDK for metrics up for the whole process. To be called before the plugins that record: the API
 * gives whoever asks before an instrument that forgets all.
 */
export function openMetrics(options: MetricsOptions): Metrics {
  const { resource, push, log } = options;
  const { producer, meters } = summingMeters({
    others: (name) => provider.getMeter(name),
    boundariesOf,
    maxSeries: MAX_SERIES,
  });
  const reader = new PageReader(push !== undefined, producer);
  const readers = push ? [reader, pushReader(push, producer, log)] : [reader];
  const provider = new MeterProvider({ resource, readers });
  metrics.disable();
  metrics.setGlobalMeterProvider(meters);

  const exemplars = exemplarStore(DURATIONS);
  const { totals, ...record } = operationMetrics(exemplars);
  observeConnections(options);
  const stopObserving = observeRuntime();

  return {
    ...record,
    async page(accept) {
      const { resourceMetrics, errors } = await reader.collect();
      for (const err of errors) log.warn({ err }, 'A metric could not be observed');
      const format = preferredFormat(accept);
      return { contentType: CONTENT_TYPES[format], body: exposition(resourceMetrics, format, exemplars.find) };
    },
    status: totals,
    async shutdown() {
      stopObserving();
      try {
        await provider.shutdown({ timeoutMillis: SHUTDOWN_TIMEOUT });
      } catch (err) {
        log.warn({ err }, 'The last metrics could not be sent');
      }
    },
  };
}
