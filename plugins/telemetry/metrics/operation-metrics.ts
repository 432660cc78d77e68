import { metrics, type Attributes } from '@opentelemetry/api';
import { cappedLabels } from './capped-labels.ts';
import type { ExemplarStore, SeriesExemplars } from './exemplars.ts';
import { operationOutcome, type OperationOutcome } from './outcome.ts';

const OPERATION_NAMES = 200;
const COORDINATES = 500;
const ROUTES = 50;
const CODES = 50;

export interface MeasuredOperation {
  /** Undefined for a request that never became an operation. */
  readonly kind: 'query' | 'mutation' | 'subscription' | undefined;
  /** Of an operation that is valid; undefined for one without a name. */
  readonly name: string | undefined;
  readonly durationMs: number;
  /** Undefined on a WebSocket. */
  readonly httpStatus: number | undefined;
  /** Of the errors that the client got. */
  readonly errorCodes: ReadonlySet<string>;
  readonly depth: number | undefined;
  readonly fields: number | undefined;
  /** 32 hexadecimal digits; undefined unless the trace is exported. */
  readonly traceId: string | undefined;
}

export interface MeasuredRequest {
  readonly method: string;
  readonly scheme: 'http' | 'https';
  /** The path that is served (`/graphql`), never the one that was asked for; undefined when there is none. */
  readonly route: string | undefined;
  readonly status: number;
  readonly durationMs: number;
  /** As above. */
  readonly traceId: string | undefined;
}

/** Since the start. */
export interface OperationTotals {
  readonly operations: number;
  readonly failed: number;
  /** Errors by their code; at most 50 codes, and the rest as `other`. */
  readonly byCode: Readonly<Record<string, number>>;
}

export interface OperationMetrics {
  recordOperation(operation: MeasuredOperation): void;
  recordRequest(request: MeasuredRequest): void;
  /** @param coordinate of a field in the schema (`Query.me`) */
  recordResolver(coordinate: string, seconds: number): void;
  totals(): OperationTotals;
}

/** A series that has been measured before: nothing is made anew for the next measurement. */
interface Series {
  readonly attributes: Attributes;
  readonly exemplars: SeriesExemplars;
}

const OPERATION_DURATION = 'graphql.operation.duration';
const REQUEST_DURATION = 'http.server.request.duration';

/** What is known to OpenTelemetry's conventions; a client may invent others. */
const METHODS: ReadonlySet<string> = new Set([
  'CONNECT',
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'TRACE',
]);

/**
 * `graphql.operation.*`, `graphql.resolver.duration` and `http.server.request.duration` (OpenTelemetry's conventions for
 * HTTP), by OpenTelemetry's API: to be called when its SDK has been set up.
 */
export function operationMetrics(exemplars: ExemplarStore): OperationMetrics {
  const meter = metrics.getMeter('gatehouse');
  const seconds = (name: string, description: string) => meter.createHistogram(name, { unit: 's', description });
  const operationDuration = seconds(
    OPERATION_DURATION,
    'Operations of clients, from the request to the end of the answer',
  );
  const requestDuration = seconds(REQUEST_DURATION, 'HTTP requests of clients');
  const resolverDuration = seconds(
    'graphql.resolver.duration',
    'Resolving of fields, by their coordinate in the schema',
  );
  const depths = meter.createHistogram('graphql.operation.depth', { description: 'Depth of operations' });
  const fieldCounts = meter.createHistogram('graphql.operation.fields', { description: 'Fields of operations' });
  const errors = meter.createCounter('graphql.operation.errors', { description: 'Errors that clients got, by code' });

  const nameLabel = cappedLabels(OPERATION_NAMES);
  const coordinateLabel = cappedLabels(COORDINATES);
  const routeLabel = cappedLabels(ROUTES);
  const codeLabel = cappedLabels(CODES);

  const operationSeries = remembered((type: string, name: string, outcome: OperationOutcome): Series => {
    const attributes = {
      ...(type && { 'graphql.operation.type': type }),
      ...(name && { 'graphql.operation.name': name }),
      outcome,
    };
    return { attributes, exemplars: exemplars.of(OPERATION_DURATION, attributes) };
  });
  const requestSeries = remembered((method: string, scheme: string, route: string, status: string): Series => {
    const attributes = {
      'http.request.method': method,
      'http.response.status_code': Number(status),
      ...(route && { 'http.route': route }),
      'url.scheme': scheme,
      ...(Number(status) >= 500 && { 'error.type': status }),
    };
    return { attributes, exemplars: exemplars.of(REQUEST_DURATION, attributes) };
  });
  const coordinateAttributes = remembered((coordinate: string): Attributes => ({ coordinate }));
  const codeAttributes = remembered((code: string): Attributes => ({ code }));

  let operations = 0;
  let failed = 0;
  const byCode = new Map<string, number>();

  return {
    recordOperation({ kind = '', name = '', durationMs, httpStatus, errorCodes, depth, fields, traceId }) {
      const outcome = operationOutcome(httpStatus, errorCodes);
      operations++;
      if (outcome === 'failed') failed++;
      for (const given of errorCodes) {
        const code = codeLabel(given);
        byCode.set(code, (byCode.get(code) ?? 0) + 1);
        errors.add(1, codeAttributes(code));
      }
      const series = operationSeries(kind, name && nameLabel(name), outcome);
      const duration = durationMs / 1_000;
      operationDuration.record(duration, series.attributes);
      if (traceId !== undefined) series.exemplars.keep(duration, traceId);
      // Without labels, which are what recording costs most for.
      if (depth !== undefined) depths.record(depth);
      if (fields !== undefined) fieldCounts.record(fields);
    },
    recordRequest({ method, scheme, route = '', status, durationMs, traceId }) {
      const known = METHODS.has(method) ? method : '_OTHER';
      const series = requestSeries(known, scheme, route && routeLabel(route), String(status));
      const duration = durationMs / 1_000;
      requestDuration.record(duration, series.attributes);
      if (traceId !== undefined) series.exemplars.keep(duration, traceId);
    },
    recordResolver(coordinate, duration) {
      resolverDuration.record(duration, coordinateAttributes(coordinateLabel(coordinate)));
    },
    totals: () => ({ operations, failed, byCode: Object.fromEntries(byCode) }),
  };
}

/** Makes a thing once for each combination of labels, of which there have to be few. */
function remembered<Labels extends readonly string[], Thing>(
  make: (...labels: Labels) => Thing,
): (...labels: Labels) => Thing {
  const made = new Map<string, Thing>();
  return (...labels) => {
    const key = labels.join('\n');
    let thing = made.get(key);
    if (thing === undefined) {
      thing = make(...labels);
      made.set(key, thing);
    }
    return thing;
  };
}
