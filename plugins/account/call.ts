import { isAsyncIterable } from '@graphql-tools/utils';
import { codeOf } from './error-codes.ts';
import type { OperationAccount } from './account.ts';
import type { SpanAttributes, TraceSpan } from './trace.ts';

/** Under this name on a request for a subgraph: its account. */
export const CALL_ACCOUNT = Symbol('call account');

/** A call to a subgraph that an operation needs, however often it is sent. Whoever has a part in it writes it down here. */
export interface CallAccount {
  readonly subgraph: string;
  /** On the clock of `performance.now()`. */
  readonly start: number;
  /** Entities that are asked for; undefined for root fields. */
  readonly entities: number | undefined;
  /** ms; undefined while it is under way. */
  duration: number | undefined;
  /** `success`, or the code of its first error; undefined while it is under way. */
  outcome: string | undefined;
  /** How often it was sent; 0 when the cache had all of it. */
  attempts: number;
  /** Of what was asked for, as much as the cache had; undefined when it was not looked at. */
  cached: number | undefined;
  /** Of the subgraph's circuit breaker, when it was sent; undefined when it was not. */
  circuit: string | undefined;
  /** Why it was not sent, or not sent again. */
  refused: 'circuit open' | 'busy' | undefined;
  readonly span: TraceSpan | undefined;
}

/** More are not accounted for. */
const MAX_CALLS = 1_000;

export function beginCall(
  account: OperationAccount,
  subgraph: string,
  variables: Readonly<Record<string, unknown>> | undefined,
): CallAccount {
  const call: CallAccount = {
    subgraph,
    start: performance.now(),
    entities: entitiesIn(variables),
    duration: undefined,
    outcome: undefined,
    attempts: 0,
    cached: undefined,
    circuit: undefined,
    refused: undefined,
    span: account.trace?.begin(`subgraph ${subgraph}`),
  };
  if (account.calls.length < MAX_CALLS) account.calls.push(call);
  return call;
}

/** @param answer undefined when there was none, which is nobody's plan */
export function endCall(call: CallAccount, answer: Answer | AsyncIterable<unknown> | undefined): void {
  const [first] = isAsyncIterable(answer) ? [] : ((answer ?? UNEXPECTED).errors ?? []);
  call.duration = performance.now() - call.start;
  call.outcome = first ? codeOf(first) : 'success';
  const { span } = call;
  if (!span?.isRecorded) return;
  span.describe(() => attributesOf(call));
  span.end(first && call.outcome);
}

function attributesOf({ subgraph, entities, attempts, cached, circuit, refused }: CallAccount): SpanAttributes {
  return {
    'gatehouse.subgraph.name': subgraph,
    'gatehouse.subgraph.attempts': attempts,
    ...(entities !== undefined && { 'gatehouse.subgraph.entities': entities }),
    ...(cached !== undefined && { 'gatehouse.cache.found': cached }),
    ...(circuit !== undefined && { 'gatehouse.circuit_breaker.state': circuit }),
    ...(refused !== undefined && { 'gatehouse.subgraph.refused': refused }),
  };
}

const UNEXPECTED: Answer = { errors: [{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }] };

interface Answer {
  readonly errors?: readonly { readonly extensions?: Readonly<Record<string, unknown>> | undefined }[] | undefined;
}

/** Of all lists of representations; the planner gives them under variables of their own. */
function entitiesIn(variables: Readonly<Record<string, unknown>> | undefined): number | undefined {
  let count: number | undefined;
  for (const name in variables) {
    const value = variables[name];
    if (Array.isArray(value) && value.length > 0 && isRepresentation(value[0])) count = (count ?? 0) + value.length;
  }
  return count;
}

function isRepresentation(value: unknown): boolean {
  return typeof value === 'object' && value !== null && '__typename' in value;
}
