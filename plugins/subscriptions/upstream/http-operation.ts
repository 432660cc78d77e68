import { Agent, request, type Dispatcher } from 'undici';
import { boundedText } from './bounded-text.ts';
import { parseObject } from './json-object.ts';
import type { SubgraphError, UpstreamEnd, UpstreamOperation } from './upstream.ts';

export type HttpAnswer = Pick<Dispatcher.ResponseData, 'statusCode' | 'headers' | 'body'>;

export interface HttpOperation {
  readonly operation: UpstreamOperation;
  readonly accept: string;
  readonly extensions?: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
}

/** Sends operations to subgraphs; how long an answer may take is up to the signal. */
export interface HttpSender {
  /** Resolves with the head of the answer. Redirects are not followed: a subgraph must not send the gateway elsewhere. */
  send(operation: HttpOperation): Promise<HttpAnswer>;
  close(): Promise<void>;
}

/** @param connectTimeout ms */
export function httpSender(connectTimeout: number): HttpSender {
  // Its timeouts would end a subscription that is quiet, and a reason could not say which one it was.
  const agent = new Agent({ headersTimeout: 0, bodyTimeout: 0, connect: { timeout: connectTimeout } });
  return {
    // Async, so that a URL that is none rejects too.
    send: async ({ operation, accept, extensions, signal }) =>
      request(operation.url, {
        dispatcher: agent,
        method: 'POST',
        headers: {
          ...operation.headers,
          'content-type': 'application/json',
          accept,
          // Compression would hold events back, and let them be larger than what is counted.
          'accept-encoding': 'identity',
        },
        body: JSON.stringify({
          query: operation.query,
          operationName: operation.operationName,
          variables: operation.variables,
          extensions,
        }),
        signal,
      }),
    close: () => agent.destroy(),
  };
}

/** The media type of an answer, without parameters; undefined when it gives none. */
export function mediaType({ headers }: HttpAnswer): string | undefined {
  const [type] = /^[\w.+-]+\/[\w.+-]+/.exec(String(headers['content-type'])) ?? [];
  return type?.toLowerCase();
}

/**
 * What an answer that is read to its end says: that the subgraph refuses, by GraphQL errors in JSON with a status that
 * does not say to come back later; that it is lost; or undefined when there is nothing against it.
 *
 * @param maxBytes read of it
 */
export async function objection(answer: HttpAnswer, maxBytes: number): Promise<UpstreamEnd | undefined> {
  const { statusCode } = answer;
  const text = await boundedText(answer.body as AsyncIterable<Uint8Array>, maxBytes);
  const errors = mediaType(answer)?.endsWith('json') && text !== undefined ? errorsIn(text) : undefined;
  if (errors && !isPassing(statusCode)) return { kind: 'refused', errors };
  const isFine = statusCode >= 200 && statusCode < 300 && !errors;
  return isFine ? undefined : { kind: 'lost', reason: `it was answered with status ${statusCode}` };
}

function errorsIn(text: string): readonly SubgraphError[] | undefined {
  const errors = parseObject(text)?.['errors'];
  return Array.isArray(errors) && errors.length > 0 ? (errors as SubgraphError[]) : undefined;
}

/** Whether the same request may well succeed in a moment. */
export function isPassing(status: number): boolean {
  return status >= 500 || status === 408 || status === 425 || status === 429;
}
