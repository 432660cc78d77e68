import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Of these, no answer depends on what they say, or it is looked at with each request. */
const IGNORED = new Set([
  'host',
  'connection',
  'keep-alive',
  'user-agent',
  'content-length',
  'date',
  'if-none-match',
  'x-request-id',
  'traceparent',
  'tracestate',
  'baggage',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-real-ip',
]);

/**
 * The same for requests that have to be answered the same: by all that a client sends, but for a few headers. SHA-256:
 * no client may make a request that passes for another, and nothing of a credential is kept.
 */
export function fingerprintOf({ method, url, rawHeaders }: IncomingMessage, body: Buffer | undefined): string {
  let text = `${method} ${url}\n`;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]?.toLowerCase() ?? '';
    if (!IGNORED.has(name)) text += `${name}:${rawHeaders[i + 1]}\n`;
  }
  // Each byte as one character: different bodies are different texts.
  return hash('sha256', body ? `${text}\n${body.toString('latin1')}` : text, 'base64url');
}
