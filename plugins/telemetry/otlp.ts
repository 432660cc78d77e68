import { createRequire } from 'node:module';
import type { Logger } from '@graphql-hive/gateway';

// What sending traces and sending metrics have in common: OTLP, by the variables of OpenTelemetry's specification.

export type OtlpProtocol = 'http/protobuf' | 'grpc';
type Signal = 'traces' | 'metrics';

const PACKAGES = { 'http/protobuf': 'proto', grpc: 'grpc' } as const;
/** ms; the specification's default is 10 s, for which a gateway could not stop. */
const TIMEOUT = 3_000;

/**
 * Undefined without an endpoint.
 *
 * Throws an `Error` that names the variable that is wrong and what it takes.
 */
export function otlpFromEnvironment(signal: Signal, env: NodeJS.ProcessEnv): OtlpProtocol | undefined {
  const own = `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}`;
  if (!env[`${own}_ENDPOINT`] && !env['OTEL_EXPORTER_OTLP_ENDPOINT']) return undefined;
  for (const variable of [`${own}_PROTOCOL`, 'OTEL_EXPORTER_OTLP_PROTOCOL']) {
    const given = env[variable];
    if (given === 'grpc' || given === 'http/protobuf') return given;
    if (given) throw new Error(`${variable} is "${given}"; it takes http/protobuf or grpc`);
  }
  return 'http/protobuf';
}

interface Exporter {
  export(items: never, done: (result: { readonly error?: Error }) => void): void;
}

/**
 * Reads from `OTEL_EXPORTER_OTLP_*` itself where to send to and with what. What cannot be sent is logged when it begins
 * and when it is over.
 */
export function loadExporter(signal: Signal, protocol: OtlpProtocol, log: Pick<Logger, 'warn' | 'info'>): Exporter {
  // Only the one that is used is loaded: gRPC takes as long to load as the rest of telemetry.
  const module = createRequire(import.meta.url)(
    `@opentelemetry/exporter-${signal === 'traces' ? 'trace' : signal}-otlp-${PACKAGES[protocol]}`,
  ) as Readonly<Record<string, new (options: object) => Exporter>>;
  const Made = module[signal === 'traces' ? 'OTLPTraceExporter' : 'OTLPMetricExporter'];
  if (!Made) throw new Error(`there is no OTLP exporter for ${signal}`);
  const hasTimeout = ['OTEL_EXPORTER_OTLP_TIMEOUT', `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_TIMEOUT`].some(
    (variable) => process.env[variable],
  );
  const exporter = new Made(hasTimeout ? {} : { timeoutMillis: TIMEOUT });
  const send = exporter.export.bind(exporter);
  let failing = false;
  exporter.export = (items, done) =>
    send(items, (result) => {
      const { error } = result;
      if (error && !failing) log.warn({ error: error.message, signal }, 'Telemetry cannot be sent, and is left out');
      if (!error && failing) log.info({ signal }, 'Telemetry is sent again');
      failing = error !== undefined;
      done(result);
    });
  return exporter;
}
