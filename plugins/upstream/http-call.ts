import { readBounded } from '../graphql-request/index.ts';
import { CACHING_HEADERS, type CachingHeaders } from '../request-context.ts';
import { retryAfter } from './backoff.ts';
import { CallFailed, tooLarge } from './failure.ts';
import type { Exchange } from './exchange.ts';
import { CALL, type CallInit } from './pooled-fetch.ts';

export interface HttpCall {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly query: string;
  readonly operationName: string | undefined;
  readonly variables: unknown;
  readonly signal: AbortSignal;
  /** Told the status of the response. */
  onStatus(status: number): void;
  readonly transport: NonNullable<CallInit[typeof CALL]>;
}

export interface GraphQLAnswer {
  readonly [CACHING_HEADERS]?: CachingHeaders;
  readonly data?: unknown;
  readonly extensions?: Readonly<Record<string, unknown>>;
  readonly errors?: readonly {
    readonly message: string;
    readonly path?: (string | number)[];
    readonly extensions?: object;
  }[];
}

/** Statuses after which the same request may well succeed. */
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);

/** Sends one operation as in GraphQL over HTTP. Rejects with `CallFailed`. */
export async function callOverHttp(
  call: HttpCall,
  fetch: (url: string, init: CallInit) => Promise<Response | Exchange>,
): Promise<GraphQLAnswer> {
  const { url, headers, query, operationName, variables, signal, transport } = call;
  const { maxBytes } = transport;
  let answered: Exchange;
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { accept: ACCEPT, 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query, operationName, variables }),
      redirect: 'error',
      signal,
      [CALL]: transport,
    });
    call.onStatus(response.status);
    answered = isExchange(response) ? response : await exchangeOf(response, maxBytes);
  } catch (error) {
    if (error instanceof CallFailed) throw error;
    throw signal.aborted ? aborted(signal) : unreachable(error as Error);
  }
  return answerOf(answered);
}

function isExchange(response: Response | Exchange): response is Exchange {
  return typeof response.body === 'string';
}

async function exchangeOf(response: Response, maxBytes: number): Promise<Exchange> {
  const body = await readBounded(response, maxBytes);
  if (body === undefined) throw tooLarge(maxBytes);
  const { status, headers } = response;
  return { status, headers: Object.fromEntries(headers), body };
}

const ACCEPT = 'application/graphql-response+json, application/json';

function answerOf({ status, headers, body }: Exchange): GraphQLAnswer {
  const answer = parse(body);
  if (answer && !PASSING.has(status)) return { ...answer, [CACHING_HEADERS]: cachingHeaders(headers) };
  const detail = `status ${status}: ${body.slice(0, 500)}`;
  if (PASSING.has(status)) {
    throw new CallFailed('unreachable', detail, { retryAfter: retryAfter(headers['retry-after'] ?? null, Date.now()) });
  }
  throw new CallFailed('invalid', detail);
}

function cachingHeaders({ 'cache-control': control, age, vary }: Exchange['headers']): CachingHeaders {
  return { 'cache-control': control ?? null, age: age ?? null, vary: vary ?? null };
}

/** Undefined for what is no GraphQL response. */
function parse(body: string): GraphQLAnswer | undefined {
  let answer: { data?: unknown; errors?: unknown };
  try {
    answer = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof answer !== 'object' || answer === null) return undefined;
  const hasErrors = Array.isArray(answer.errors) && answer.errors.length > 0;
  const hasData = typeof answer.data === 'object' && answer.data !== null;
  return hasData || hasErrors ? (answer as GraphQLAnswer) : undefined;
}

function aborted({ reason }: AbortSignal): CallFailed {
  const isTimeout = reason instanceof DOMException && reason.name === 'TimeoutError';
  return new CallFailed(isTimeout ? 'timeout' : 'cancelled', String(reason), { isPassing: isTimeout, cause: reason });
}

function unreachable(error: Error): CallFailed {
  const { cause = error } = error;
  return new CallFailed('unreachable', (cause as Error).message, { cause });
}
