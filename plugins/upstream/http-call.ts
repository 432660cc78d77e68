import { readBounded } from '../graphql-request/index.ts';
import { CACHING_HEADERS, type CachingHeaders } from '../request-context.ts';
import { retryAfter } from './backoff.ts';
import { CallFailed, tooLarge } from './failure.ts';
import { CALL, type CallFetch, type CallInit } from './pooled-fetch.ts';

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
export async function callOverHttp(call: HttpCall, fetch: CallFetch): Promise<GraphQLAnswer> {
  const { url, headers, query, operationName, variables, signal, transport } = call;
  const { maxBytes } = transport;
  let response: Response;
  let body: string;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { accept: ACCEPT, 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query, operationName, variables }),
      redirect: 'error',
      signal,
      [CALL]: transport,
    });
    call.onStatus(response.status);
    const read = await readBounded(response, maxBytes);
    if (read === undefined) throw tooLarge(maxBytes);
    body = read;
  } catch (error) {
    if (error instanceof CallFailed) throw error;
    throw signal.aborted ? aborted(signal) : unreachable(error as Error);
  }
  return answerOf(response, body);
}

const ACCEPT = 'application/graphql-response+json, application/json';

function answerOf(response: Response, body: string): GraphQLAnswer {
  const { status, headers } = response;
  const answer = parse(body);
  if (answer && (response.ok || !PASSING.has(status))) return { ...answer, [CACHING_HEADERS]: cachingHeaders(headers) };
  const detail = `status ${status}: ${body.slice(0, 500)}`;
  if (PASSING.has(status)) {
    throw new CallFailed('unreachable', detail, { retryAfter: retryAfter(headers.get('retry-after'), Date.now()) });
  }
  throw new CallFailed('invalid', detail);
}

function cachingHeaders(headers: Headers): CachingHeaders {
  return { 'cache-control': headers.get('cache-control'), age: headers.get('age'), vary: headers.get('vary') };
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
