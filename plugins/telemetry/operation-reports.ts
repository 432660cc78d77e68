import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { AnsweredAgain, OperationAccount, OperationEnd, TraceSpan } from '../account/index.ts';
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
    if (keeps) describe(trace.root, context, account, end);
    trace.finish(keeps, hasFailed ? failureOf(end, account.codes) : undefined);
    const request = account.transport === 'http' ? req : undefined;
    measure(request, end, duration, operation, account.codes, keeps ? trace.traceId : undefined);
  }

  function describe(root: TraceSpan, context: Context, account: OperationAccount, end: OperationEnd): void {
    const { principal, cost, operation, req } = context;
    const { cache, codes, responses, transport, requestId } = account;
    if (transport === 'http' && req) describeRequest(root, req, end.status);
    else root.set('network.protocol.name', 'websocket');
    describeOperation(root, operation);
    root.set('gatehouse.request.id', requestId);
    root.set('gatehouse.transport', transport);
    if (principal) {
      root.set('gatehouse.principal.kind', principal.kind);
      root.set('gatehouse.principal.method', principal.method);
    }
    if (cost) root.set('gatehouse.cost.estimated', cost.estimated);
    if (cost?.actual !== undefined) root.set('gatehouse.cost.actual', cost.actual);
    if (cache) {
      root.set('gatehouse.cache.outcome', cache.outcome);
      if (cache.tier) root.set('gatehouse.cache.tier', cache.tier);
    }
    if (codes.size > 0) root.set('gatehouse.error.codes', [...codes]);
    if (context.lasts) root.set('gatehouse.subscription.events', responses);
    if (end.how === 'left') root.set('gatehouse.client.left', true);
  }

  function describeRequest(root: TraceSpan, request: IncomingMessage, status: number | undefined): void {
    root.set('http.request.method', request.method ?? '');
    root.set('http.route', path);
    root.set('url.path', path);
    root.set('url.scheme', schemeOf(request));
    root.set('network.protocol.version', request.httpVersion);
    if (status !== undefined) root.set('http.response.status_code', status);
  }

  function describeOperation(root: TraceSpan, operation: OperationProfile | undefined): void {
    if (!operation) return;
    const name = nameOf(operation);
    root.set('graphql.operation.type', operation.kind);
    if (name !== undefined) root.set('graphql.operation.name', name);
    const { normalForm } = operation;
    if (normalForm) root.set('gatehouse.operation.hash', normalForm.hash);
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
        const { root } = trace;
        describeRequest(root, request, status);
        describeOperation(root, operation);
        root.set('gatehouse.request.id', requestId);
        root.set('gatehouse.transport', 'http');
        root.set('gatehouse.cache.outcome', 'hit');
        root.set('gatehouse.cache.tier', 'l1');
        if (principal) root.set('gatehouse.principal.kind', principal.kind);
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
