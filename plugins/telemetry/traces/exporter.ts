import type { Logger } from '@graphql-hive/gateway';
import type { Resource } from '@opentelemetry/resources';
import { BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-node';
import { loadExporter, otlpFromEnvironment, type OtlpProtocol } from '../otlp.ts';
import { readableSpan } from './readable-span.ts';
import type { RecordedSpan } from './recorder.ts';

/** How traces are sent; where to and with what, the exporter reads from `OTEL_EXPORTER_OTLP_*` itself. */
export interface TraceExportOptions {
  readonly protocol: OtlpProtocol;
}

export interface TraceExport {
  /** Takes them, and sends them later; what finds no room is left out and counted in the log. */
  send(spans: readonly RecordedSpan[]): void;
  /** Sends what has not been sent, for at most 3 s. */
  shutdown(): Promise<void>;
}

/** Spans. More wait for nobody: what cannot be sent in time is left out. */
const QUEUE = 8_192;
const BATCH = 1_024;
/** ms */
const EXPORT_EVERY = 1_000;
const EXPORT_TIMEOUT = 10_000;
const SHUTDOWN_TIMEOUT = 3_000;

/**
 * By OpenTelemetry's own variables; undefined when nothing is to be sent, as without an endpoint.
 *
 * Throws an `Error` that names the variable that is wrong and what it takes.
 */
export function traceExportFromEnvironment(env: NodeJS.ProcessEnv): TraceExportOptions | undefined {
  const exporter = env['OTEL_TRACES_EXPORTER'] || 'otlp';
  if (exporter !== 'otlp' && exporter !== 'none') {
    throw new Error(`OTEL_TRACES_EXPORTER is "${exporter}"; it takes otlp or none`);
  }
  const protocol = exporter === 'none' ? undefined : otlpFromEnvironment('traces', env);
  return protocol && { protocol };
}

/** Sends in the background. */
export function openTraceExport(
  { protocol }: TraceExportOptions,
  resource: Resource,
  log: Pick<Logger, 'warn' | 'info'>,
): TraceExport {
  const processor = new BatchSpanProcessor(loadExporter('traces', protocol, log) as SpanExporter, {
    maxQueueSize: QUEUE,
    maxExportBatchSize: BATCH,
    scheduledDelayMillis: EXPORT_EVERY,
    exportTimeoutMillis: EXPORT_TIMEOUT,
  });
  return {
    send(spans) {
      // The wall clock may have been set meanwhile; durations are of the other.
      const origin = Date.now() - performance.now();
      for (const span of spans) processor.onEnd(readableSpan(span, resource, origin));
    },
    async shutdown() {
      const { promise: late, reject } = Promise.withResolvers<never>();
      const timer = setTimeout(reject, SHUTDOWN_TIMEOUT, new Error(`not sent within ${SHUTDOWN_TIMEOUT} ms`));
      try {
        await Promise.race([processor.shutdown(), late]);
      } catch (err) {
        log.warn({ err }, 'The last traces could not be sent');
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
