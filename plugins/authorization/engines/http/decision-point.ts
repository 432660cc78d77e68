import { Pool } from 'undici';
import { baseUrl } from './base-url.ts';

export interface DecisionPointOptions {
  /** Where it is: https, or http on a loopback host. */
  readonly url: string;
  /** Sent with each request, such as `authorization`. Default: none. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** `failure` completes "the decision point ..."; it holds no address, and nothing of the question or the answer. */
export type Answer = { readonly json: unknown } | { readonly failure: string };

export interface DecisionPoint {
  /** POSTs JSON to a path below its URL. Ends when the signal aborts, and never rejects. */
  ask(path: string, body: unknown, signal: AbortSignal): Promise<Answer>;
  /** Ends what is under way. */
  close(): Promise<void>;
}

/** Connections at the same time; further questions wait for one of them, for as long as their signal lets them. */
const MAX_CONNECTIONS = 64;
const MAX_BYTES = 1024 * 1024;

/**
 * A server that decides. Redirects are not followed: it must not send the gateway elsewhere. Throws an `Error` that
 * names the option and what it takes; it never repeats a header.
 */
export function decisionPoint(factory: string, options: DecisionPointOptions): DecisionPoint {
  const { origin, path: base } = baseUrl(factory, options.url);
  const headers = requestHeaders(factory, options.headers);
  const pool = new Pool(origin, { connections: MAX_CONNECTIONS });

  return {
    async ask(path, body, signal) {
      try {
        const request = { method: 'POST', path: base + path, headers, body: JSON.stringify(body), signal } as const;
        const { statusCode, body: answer } = await pool.request(request);
        const text = await readBounded(answer);
        if (text === undefined) return { failure: `gave an answer larger than ${MAX_BYTES} bytes` };
        return statusCode === 200 ? parsed(text) : { failure: `answered with status ${statusCode}` };
      } catch (error) {
        if (signal.aborted) return { failure: 'did not answer in time' };
        const { code } = error as NodeJS.ErrnoException;
        return { failure: code ? `could not be reached (${code})` : 'could not be reached' };
      }
    },
    close: () => pool.destroy(),
  };
}

function requestHeaders(factory: string, given: DecisionPointOptions['headers']): Record<string, string> {
  try {
    const headers = new Headers({ ...given });
    headers.set('accept', 'application/json');
    headers.set('content-type', 'application/json');
    return Object.fromEntries(headers);
  } catch {
    throw new Error(`${factory}: headers takes names and values that HTTP allows`);
  }
}

async function readBounded(body: AsyncIterable<Uint8Array>): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    // Leaving the loop closes the connection.
    if (size > MAX_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string): Answer {
  try {
    return { json: JSON.parse(text) };
  } catch {
    return { failure: 'gave an answer that is not JSON' };
  }
}
