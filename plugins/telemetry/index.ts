import type { IncomingMessage } from 'node:http';
import { isAsyncIterable } from '@graphql-tools/utils';
import type { GatewayPlugin, Logger } from '@graphql-hive/gateway';
import type { AnswersAgain } from '../account/index.ts';
import type { GatehouseContext } from '../request-context.ts';
import {
  openMetrics,
  pushFromEnvironment,
  type Metrics,
  type MetricsOptions,
  type OperationTotals,
} from './metrics/index.ts';
import { operationReports } from './operation-reports.ts';
import { gatewayResource } from './resource.ts';
import { openTraceExport, traceExportFromEnvironment, type TraceExportOptions } from './traces/exporter.ts';
import { operationTraces } from './traces/operation-traces.ts';
import type { SamplingOptions } from './traces/sampling.ts';

export type { SamplingOptions } from './traces/sampling.ts';

export interface TelemetryOptions extends SamplingOptions, Pick<MetricsOptions, 'openSockets' | 'redis'> {
  /** Where traces are sent, see `telemetryFromEnvironment`. Without it there are none. */
  readonly traces?: TraceExportOptions | undefined;
  /** Where metrics are sent, beside being shown; see `telemetryFromEnvironment`. Without it, nowhere. */
  readonly push?: MetricsOptions['push'];
  /**
   * Whether names of operations stand in traces and metrics. Clients choose them: they are for those who know that
   * theirs hold nothing secret. Default: false.
   */
  readonly operationNames?: boolean;
  /**
   * The share of traced operations whose subgraphs are asked for the timings of their fields (federated tracing), from
   * 0 to 1. Default: 0.02.
   */
  readonly resolvers?: number;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}

export interface TelemetryPlugin extends GatewayPlugin {
  /** For Prometheus, on the admin listener. */
  page(request: IncomingMessage): ReturnType<Metrics['page']>;
  status(): OperationTotals;
}

/**
 * Traces and measures operations, by OpenTelemetry's semantic conventions for HTTP and GraphQL: one trace from the
 * client's `traceparent` through everything that the gateway does for it to its subgraphs, over HTTP and WebSocket. No
 * value that a client sends is in it. To come first of the plugins, after `useAccounts`: it sets OpenTelemetry's SDK up,
 * which the others record by.
 *
 * Throws an `Error` that names the option when one is wrong.
 *
 * @example
 * useTelemetry({ ...telemetryFromEnvironment(env), ratio: 0.05, operationNames: true, log })
 */
export function useTelemetry(options: TelemetryOptions): TelemetryPlugin {
  const { operationNames = false, log } = options;
  const resource = gatewayResource();
  const metrics = openMetrics({ ...options, resource });
  const exported = options.traces && openTraceExport(options.traces, resource, log);
  const traces = operationTraces(options, exported?.send, metrics.recordResolver);
  const reports = operationReports(metrics, traces, operationNames);
  const again: AnswersAgain = { mayAnswer: () => true, answered: reports.answeredAgain };

  return {
    page: ({ headers }) => metrics.page(headers.accept),
    status: metrics.status,

    onYogaInit({ yoga }) {
      reports.serve(yoga.graphqlEndpoint);
    },

    onRequest({ serverContext }) {
      reports.begin(serverContext);
    },

    // Over WebSocket, this is the first.
    onParams({ context }) {
      reports.begin(context);
    },

    onParse({ context }) {
      const span = sampledOf(context)?.begin('graphql.parse');
      return span && (({ result }) => span.end(result instanceof Error ? 'GRAPHQL_PARSE_FAILED' : undefined));
    },

    onValidate({ context }) {
      const span = sampledOf(context)?.begin('graphql.validate');
      return span && (({ valid }) => span.end(valid ? undefined : 'GRAPHQL_VALIDATION_FAILED'));
    },

    onExecute({ args }) {
      (args.contextValue as GatehouseContext).account?.again.push(again);
    },

    onSubscribe({ args }) {
      return {
        // Its end may be hours away.
        onSubscribeResult: ({ result }) => (isAsyncIterable(result) ? traceOf(args.contextValue)?.flush() : undefined),
      };
    },

    async onDispose() {
      await Promise.all([exported?.shutdown(), metrics.shutdown()]);
    },
  };
}

/** Both are mostly known from before: a trace that is told of for being slow does without. */
function sampledOf(context: unknown): ReturnType<typeof traceOf> {
  const trace = traceOf(context);
  return trace?.isSampled ? trace : undefined;
}

function traceOf(context: unknown): NonNullable<GatehouseContext['account']>['trace'] {
  return (context as GatehouseContext).account?.trace;
}

/**
 * By OpenTelemetry's own variables (`OTEL_EXPORTER_OTLP_ENDPOINT` and the like); `OTEL_TRACES_SAMPLER_ARG` is the ratio.
 *
 * Throws an `Error` that names the variable that is wrong.
 */
export function telemetryFromEnvironment(env: NodeJS.ProcessEnv): Pick<TelemetryOptions, 'traces' | 'push' | 'ratio'> {
  const given = env['OTEL_TRACES_SAMPLER_ARG'];
  const ratio = Number(given);
  if (given && !(ratio >= 0 && ratio <= 1)) {
    throw new Error(`OTEL_TRACES_SAMPLER_ARG is "${given}"; it takes a number from 0 to 1`);
  }
  if (env['OTEL_SDK_DISABLED'] === 'true') return {};
  return {
    traces: traceExportFromEnvironment(env),
    push: pushFromEnvironment(env),
    ...(given && { ratio }),
  };
}
