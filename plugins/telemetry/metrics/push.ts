import type { Logger } from '@graphql-hive/gateway';
import {
  PeriodicExportingMetricReader,
  type MetricProducer,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics';
import { loadExporter, otlpFromEnvironment, type OtlpProtocol } from '../otlp.ts';

/** How metrics are sent to a collector; where to and with what, the exporter reads from `OTEL_EXPORTER_OTLP_*` itself. */
export interface PushOptions {
  readonly protocol: OtlpProtocol;
  /** ms. */
  readonly interval: number;
  /** ms; at most the interval. */
  readonly timeout: number;
}

const INTERVAL = 60_000;
const TIMEOUT = 30_000;
const EXPORTERS = ['otlp', 'prometheus', 'none'];
/**
 * By OpenTelemetry's own variables; undefined when nothing is to be sent, as without an endpoint. `prometheus` in
 * `OTEL_METRICS_EXPORTER` is the page on the admin listener, which is always there.
 *
 * Throws an `Error` that names the variable that is wrong and what it takes.
 */
export function pushFromEnvironment(env: NodeJS.ProcessEnv): PushOptions | undefined {
  const exporters = (env['OTEL_METRICS_EXPORTER'] || 'otlp').split(',').map((name) => name.trim());
  const unknown = exporters.find((name) => !EXPORTERS.includes(name));
  if (unknown !== undefined) throw wrong('OTEL_METRICS_EXPORTER', unknown, EXPORTERS.join(', '));
  const protocol = exporters.includes('otlp') ? otlpFromEnvironment('metrics', env) : undefined;
  if (!protocol) return undefined;
  const interval = milliseconds(env, 'OTEL_METRIC_EXPORT_INTERVAL') ?? INTERVAL;
  const timeout = milliseconds(env, 'OTEL_METRIC_EXPORT_TIMEOUT') ?? TIMEOUT;
  return { protocol, interval, timeout: Math.min(timeout, interval) };
}

function milliseconds(env: NodeJS.ProcessEnv, variable: string): number | undefined {
  const given = env[variable];
  if (!given) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(given)) throw wrong(variable, given, 'a whole number of milliseconds above 0');
  return Number(given);
}

function wrong(variable: string, given: string, takes: string): Error {
  return new Error(`${variable} is "${given}"; it takes ${takes}`);
}

/** Sends in the background; what cannot be sent is logged when it begins and when it is over. */
export function pushReader(
  options: PushOptions,
  producer: MetricProducer,
  log: Pick<Logger, 'warn' | 'info'>,
): PeriodicExportingMetricReader {
  return new PeriodicExportingMetricReader({
    exporter: loadExporter('metrics', options.protocol, log) as PushMetricExporter,
    exportIntervalMillis: options.interval,
    exportTimeoutMillis: options.timeout,
    metricProducers: [producer],
  });
}
