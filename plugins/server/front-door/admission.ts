import type { IncomingMessage } from 'node:http';

/** A body that is longer goes to the pipeline, in bytes. */
const MAX_BODY_BYTES = 1024 * 1024;
/** No answer to a request with a longer one is remembered, in bytes. */
const MAX_REMEMBERED_BODY_BYTES = 64 * 1024;

/**
 * Whether the front door takes a request: it has to be for GraphQL, and its body, if it has one, as long as it says and
 * as it is. What is more than that (uploads, encoded bodies, upgrades) is for the pipeline.
 */
export function takes(request: IncomingMessage, path: string): 'no' | 'without body' | 'with body' {
  const { method, url = '', headers } = request;
  if (url !== path && !(url.startsWith(path) && url[path.length] === '?')) return 'no';
  if (headers.upgrade !== undefined || headers.expect !== undefined) return 'no';
  if (method === 'GET') return headers['content-length'] || headers['transfer-encoding'] ? 'no' : 'without body';
  if (method !== 'POST' || headers['content-encoding'] !== undefined) return 'no';
  if (headers['content-type']?.startsWith('multipart/')) return 'no';
  const length = Number(headers['content-length']);
  return length > 0 && length <= MAX_BODY_BYTES ? 'with body' : 'no';
}

/** Whether a cache may answer it, as far as the request tells: what a client says about caches, the plugins follow. */
export function mayBeRemembered({ headers }: IncomingMessage, body: Buffer | undefined): boolean {
  return headers['cache-control'] === undefined && (body?.byteLength ?? 0) <= MAX_REMEMBERED_BODY_BYTES;
}
