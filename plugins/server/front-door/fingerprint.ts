import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** A body that is longer is left to the pipeline, in bytes. */
const MAX_BODY_BYTES = 64 * 1024;

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

/** Whether a request is one that a cache may answer. */
export function mayBeHeld(request: IncomingMessage, path: string): 'no' | 'without body' | 'with body' {
  const { method, url = '', headers } = request;
  if (url !== path && !(url.startsWith(path) && url[path.length] === '?')) return 'no';
  // What a client says about caches is for the pipeline to follow.
  if (headers['cache-control'] !== undefined || headers.upgrade !== undefined || headers.expect !== undefined)
    return 'no';
  if (method === 'GET') return headers['content-length'] || headers['transfer-encoding'] ? 'no' : 'without body';
  if (method !== 'POST') return 'no';
  const length = Number(headers['content-length']);
  return length > 0 && length <= MAX_BODY_BYTES ? 'with body' : 'no';
}

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
