import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { AnsweredAgain, OperationAccount, OperationEnd, SpanAttributes } from '../account/index.ts';
import type { OperationProfile } from '../operation/index.ts';
import type { GatehouseContext } from '../request-context.ts';
import type { Metrics } from './metrics/index.ts';
import { operationOutcome } from './metrics/outcome.ts';
import type { OperationTraces } from './traces/operation-traces.ts';
import type { RecordedTrace } from './traces/recorder.ts';

/** Tells of operations when they have ended, as traces and as metrics. */
export interface OperationReports {
  /** To be called when the path is known under which GraphQL is served. */
  serve(path: string): void;
  /** To be called with the context of each operation, as early as can be. */
  begin(context: unknown): void;
  answeredAgain(again: AnsweredAgain): void;
}

type Context = GatehouseContext & {
  readonly req?: IncomingMessage;
  readonly params?: { readonly extensions?: Readonly<Record<string, unknown>> };
};

const WEBSOCKET = 'graphql websocket';

/** @param showsNames whether names of operations are told of */
export function operationReports(
  metrics: Pick<Metrics, 'recordOperation' | 'recordRequest'>,
  traces: OperationTraces,
  showsNames: boolean,
): OperationReports {
  let path = '';

  function nameOf(operation: OperationProfile | undefined): string | undefined {
    return showsNames ? operation?.name : undefined;
  }

  function measure(
    request: IncomingMessage | undefined,
    end: OperationEnd,
    duration: number,
    operation: OperationProfile | undefined,
    codes: ReadonlySet<string>,
    traceId: string | undefined,
  ): void {
    const { status } = end;
    if (request && status !== undefined) {
      const { method = '' } = request;
      metrics.recordRequest({ method, scheme: schemeOf(request), route: path, status, durationMs: duration, traceId });
    }
    metrics.recordOperation({
      kind: operation?.kind,
      name: nameOf(operation),
      durationMs: duration,
      httpStatus: status,
      errorCodes: codes,
      depth: operation?.measures.data.depth,
      fields: operation?.measures.data.fields,
      traceId,
    });
  }

  function finish(context: Context, account: OperationAccount, trace: RecordedTrace, end: OperationEnd): void {
    const duration = performance.now() - account.start;
    const { operation, req } = context;
    const hasFailed = operationOutcome(end.status, account.codes) === 'failed';
    // Who stays for long is not slow.
    const keeps = trace.isSampled || traces.keeps({ duration: context.lasts ? 0 : duration, hasFailed });
    trace.root.describe(() => attributesOf(context, account, end));
    trace.finish(keeps, hasFailed ? failureOf(end, account.codes) : undefined);
    const request = account.transport === 'http' ? req : undefined;
    measure(request, end, duration, operation, account.codes, keeps ? trace.traceId : undefined);
  }

  function attributesOf(context: Context, account: OperationAccount, end: OperationEnd): SpanAttributes {
    const { principal, cost, operation, req } = context;
    const { cache, codes, responses, transport, requestId } = account;
    return {
      ...(transport === 'http' && req ? ofRequest(req, end.status) : { 'network.protocol.name': 'websocket' }),
      ...ofOperation(operation),
      'gatehouse.request.id': requestId,
      'gatehouse.transport': transport,
      ...(principal && {
        'gatehouse.principal.kind': principal.kind,
        'gatehouse.principal.method': principal.method,
      }),
      ...(cost && { 'gatehouse.cost.estimated': cost.estimated }),
      ...(cost?.actual !== undefined && { 'gatehouse.cost.actual': cost.actual }),
      ...(cache && { 'gatehouse.cache.outcome': cache.outcome }),
      ...(cache?.tier && { 'gatehouse.cache.tier': cache.tier }),
      ...(codes.size > 0 && { 'gatehouse.error.codes': [...codes] }),
      ...(context.lasts && { 'gatehouse.subscription.events': responses }),
      ...(end.how === 'left' && { 'gatehouse.client.left': true }),
    };
  }

  function ofRequest(request: IncomingMessage, status: number | undefined): SpanAttributes {
    return {
      'http.request.method': request.method ?? '',
      'http.route': path,
      'url.path': path,
      'url.scheme': schemeOf(request),
      'network.protocol.version': request.httpVersion,
      ...(status !== undefined && { 'http.response.status_code': status }),
    };
  }

  function ofOperation(operation: OperationProfile | undefined): SpanAttributes {
    if (!operation) return {};
    const { kind, normalForm } = operation;
    const name = nameOf(operation);
    return {
      'graphql.operation.type': kind,
      ...(name !== undefined && { 'graphql.operation.name': name }),
      ...(normalForm && { 'gatehouse.operation.hash': normalForm.hash }),
    };
  }

  return {
    serve: (served) => void (path = served),

    begin(given) {
      const context = given as Context;
      const { account, req } = context;
      if (!account || account.trace) return;
      const isSocket = account.transport === 'websocket';
      const traceparent = (isSocket && context.params?.extensions?.['traceparent']) || req?.headers['traceparent'];
      const trace = traces.begin(isSocket ? WEBSOCKET : `${req?.method} ${path}`, account.start, traceparent);
      account.trace = trace;
      account.whenEnded((end) => finish(context, account, trace, end));
    },

    answeredAgain(again) {
      const { request, requestId, start, operation, principal, status } = again;
      const end: OperationEnd = { status, how: 'answered' };
      const trace = traces.beginSampled(`${request.method} ${path}`, start, request.headers['traceparent']);
      if (trace) {
        trace.root.describe(() => ({
          ...ofRequest(request, status),
          ...ofOperation(operation),
          'gatehouse.request.id': requestId,
          'gatehouse.transport': 'http',
          'gatehouse.cache.outcome': 'hit',
          'gatehouse.cache.tier': 'l1',
          ...(principal && { 'gatehouse.principal.kind': principal.kind }),
        }));
        again.traceId = trace.traceId;
        trace.finish(true);
      }
      measure(request, end, performance.now() - start, operation, NO_CODES, trace?.traceId);
    },
  };
}

const NO_CODES: ReadonlySet<string> = new Set();

function failureOf({ status }: OperationEnd, codes: ReadonlySet<string>): string {
  const [code = String(status)] = codes;
  return code;
}

function schemeOf({ socket }: IncomingMessage): 'http' | 'https' {
  return (socket as Partial<TLSSocket>).encrypted ? 'https' : 'http';
}
