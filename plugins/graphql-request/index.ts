import { readBounded } from './bounded-body.ts';

export { readBounded } from './bounded-body.ts';

/**
 * Why a request of the gateway's own failed. `message` completes "the subgraph ..." and holds no address, so that it
 * may be shown at `/health`; what only the log may hold stands in `cause`.
 */
export class GraphQLRequestFailed extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'GraphQLRequestFailed';
  }
}

export interface GraphQLRequest {
  readonly url: string;
  readonly query: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** ms */
  readonly timeout: number;
  /** The largest answer that is read, in bytes. */
  readonly maxBytes: number;
}

/**
 * Sends a query of the gateway's own (a schema, a probe) and gives the answer's `data`. Redirects are not followed:
 * a subgraph must not send the gateway elsewhere. Rejects with `GraphQLRequestFailed`, within the timeout.
 */
export async function requestGraphQL(request: GraphQLRequest): Promise<unknown> {
  const { url, query, headers, timeout, maxBytes } = request;
  const signal = AbortSignal.timeout(timeout);
  let body: string | undefined;
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
      body: JSON.stringify({ query }),
      redirect: 'error',
      signal,
    });
    body = await readBounded(response, maxBytes);
    if (body === undefined) throw new GraphQLRequestFailed(`gave an answer larger than ${maxBytes} bytes`);
    if (!response.ok) throw new GraphQLRequestFailed(`answered with status ${response.status}`);
  } catch (error) {
    if (error instanceof GraphQLRequestFailed) throw error;
    if (signal.aborted) throw new GraphQLRequestFailed(`did not answer within ${timeout} ms`, error);
    throw new GraphQLRequestFailed(reasonOf(error as Error), error);
  }
  return dataOf(body);
}

function dataOf(body: string): unknown {
  let result: { data?: unknown; errors?: unknown };
  try {
    result = JSON.parse(body);
  } catch (cause) {
    throw new GraphQLRequestFailed('gave an answer that is not JSON', cause);
  }
  if (result?.data === null || result?.data === undefined) {
    throw new GraphQLRequestFailed('gave an answer without data', result?.errors);
  }
  return result.data;
}

/** undici hides the reason under "fetch failed", and its messages hold addresses; the codes do not. */
function reasonOf(error: Error): string {
  const { code } = (error.cause ?? {}) as { code?: string };
  switch (code) {
    case 'ECONNREFUSED':
      return 'refused the connection';
    case 'ENOTFOUND':
      return 'has a host name that is not known';
    default:
      return code ? `could not be reached (${code})` : 'could not be reached';
  }
}
