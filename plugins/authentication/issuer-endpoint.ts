import { readBounded } from '../graphql-request/index.ts';

/** Whole answers of at most so many bytes, within so many ms. */
export interface EndpointLimits {
  readonly maxBytes: number;
  readonly timeout: number;
}

export interface EndpointAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

export interface EndpointFailure {
  readonly cause?: unknown;
  /** Of the answer, where there was one. */
  readonly status?: number;
  /** What the endpoint asks for, in s. */
  readonly retryAfter?: number | undefined;
}

/** Why an issuer's endpoint was of no use. `message` completes "the endpoint ..."; it holds no address and no secret. */
export class EndpointFailed extends Error {
  readonly status: number | undefined;
  readonly retryAfter: number | undefined;

  constructor(message: string, { cause, status, retryAfter }: EndpointFailure = {}) {
    super(message, { cause });
    this.name = 'EndpointFailed';
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** What `endpointUrl` takes, for messages. */
export const ENDPOINT_URL =
  'an https:// URL without a password, or an http:// URL of a loopback host (localhost, 127.0.0.1, [::1])';

/** Undefined for what is not such a URL: what decides who is calling must not come from an unknown hand. */
export function endpointUrl(text: unknown): URL | undefined {
  const url = typeof text === 'string' ? URL.parse(text) : null;
  if (url === null || url.username !== '' || url.password !== '') return undefined;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url)) ? url : undefined;
}

export function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}

/**
 * An issuer's answer, of whatever status. Redirects are not followed: an issuer must not send the gateway elsewhere.
 * Rejects with `EndpointFailed`, within the timeout; `signal` ends it early.
 */
export async function askEndpoint(
  url: string,
  init: RequestInit,
  { maxBytes, timeout }: EndpointLimits,
  signal: AbortSignal,
): Promise<EndpointAnswer> {
  const tooLate = AbortSignal.timeout(timeout);
  try {
    const response = await fetch(url, { ...init, redirect: 'manual', signal: AbortSignal.any([tooLate, signal]) });
    const body = await readBounded(response, maxBytes);
    if (body === undefined) throw new EndpointFailed(`gave an answer larger than ${maxBytes} bytes`);
    return { status: response.status, headers: response.headers, body };
  } catch (cause) {
    if (cause instanceof EndpointFailed) throw cause;
    if (tooLate.aborted) throw new EndpointFailed(`did not answer within ${timeout} ms`, { cause });
    const { code } = ((cause as Error).cause ?? {}) as { code?: string };
    throw new EndpointFailed(code ? `could not be reached (${code})` : 'could not be reached', { cause });
  }
}
