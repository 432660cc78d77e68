import { SeverityNumber } from '@opentelemetry/api-logs';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { LoggerProvider, type LogRecordExporter, type ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { SinkError, type AuditSink } from './sink.ts';

const MAX_BATCH = 500;
const SUCCESS: Parameters<Parameters<LogRecordExporter['export']>[1]>[0]['code'] = 0;
const PROTOCOLS = ['http/protobuf', 'grpc'] as const;

/**
 * Records as OpenTelemetry logs: the body is the record as JSON, the event's name `gatehouse.audit`. Where to and how is
 * in OpenTelemetry's own variables: `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_EXPORTER_OTLP_PROTOCOL` (`http/protobuf`, or
 * `grpc`), `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_SERVICE_NAME` and those that are for logs alone.
 *
 * Throws an `Error` that names the variable when the protocol is another.
 */
export function otlpSink(env: NodeJS.ProcessEnv = process.env): AuditSink {
  const protocol = protocolIn(env);
  let exporter: LogRecordExporter | undefined;
  let emitted: ReadableLogRecord[] = [];
  const provider = new LoggerProvider({
    resource: resourceFromAttributes({ 'service.name': 'gatehouse' }).merge(
      detectResources({ detectors: [envDetector] }),
    ),
    processors: [
      {
        onEmit: (record) => void emitted.push(record),
        forceFlush: async () => {},
        shutdown: async () => {},
      },
    ],
  });
  const logger = provider.getLogger('gatehouse.audit');

  return {
    name: 'otlp',
    durability: 'buffered',
    maxBatch: MAX_BATCH,
    async open() {
      exporter ??= await exporterFor(protocol);
    },
    async write(records) {
      exporter ??= await exporterFor(protocol);
      for (const { type, time, json } of records) {
        logger.emit({
          eventName: 'gatehouse.audit',
          timestamp: new Date(time),
          severityNumber: SeverityNumber.INFO,
          attributes: { 'gatehouse.audit.type': type },
          body: json,
        });
      }
      const batch = emitted;
      emitted = [];
      await exported(exporter, batch);
    },
    async close() {
      await exporter?.shutdown();
    },
  };
}

function exported(exporter: LogRecordExporter, batch: ReadableLogRecord[]): Promise<void> {
  return new Promise((resolve, reject) => {
    exporter.export(batch, ({ code }) => {
      // Its error may have the address, and headers.
      if (code === SUCCESS) resolve();
      else reject(new SinkError('the collector did not take the records'));
    });
  });
}

function protocolIn(env: NodeJS.ProcessEnv): (typeof PROTOCOLS)[number] {
  const name = env.OTEL_EXPORTER_OTLP_LOGS_PROTOCOL
    ? 'OTEL_EXPORTER_OTLP_LOGS_PROTOCOL'
    : 'OTEL_EXPORTER_OTLP_PROTOCOL';
  const given = env[name] || 'http/protobuf';
  const protocol = PROTOCOLS.find((one) => one === given);
  if (protocol) return protocol;
  throw new Error(`useAudit: otlpSink: ${name} is ${JSON.stringify(given)}; it takes ${PROTOCOLS.join(' or ')}`);
}

async function exporterFor(protocol: (typeof PROTOCOLS)[number]): Promise<LogRecordExporter> {
  const { OTLPLogExporter } =
    protocol === 'grpc'
      ? await import('@opentelemetry/exporter-logs-otlp-grpc')
      : await import('@opentelemetry/exporter-logs-otlp-proto');
  return new OTLPLogExporter();
}
