import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendNodeResponse } from '@whatwg-node/server';

/** What the gateway's responses keep of a body that was given as text. */
interface TextResponse {
  readonly bodyType?: string;
  readonly bodyInit?: unknown;
}

/** A text goes with its head by one write; anything else goes as the pipeline sends it. */
export function writeResponse(
  response: (Response & TextResponse) | undefined,
  to: ServerResponse,
  request: IncomingMessage,
): unknown {
  if (!response) return to.writeHead(404).end();
  if (response.bodyType !== 'String' || typeof response.bodyInit !== 'string') {
    return sendNodeResponse(response, to, request, true);
  }
  if (to.destroyed || to.writableEnded) return undefined;
  const headers: Record<string, string | string[]> = {};
  response.headers.forEach((value, name) => (headers[name] = value));
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) headers['set-cookie'] = cookies;
  headers['content-length'] ??= String(Buffer.byteLength(response.bodyInit));
  return to.writeHead(response.status, response.statusText || undefined, headers).end(response.bodyInit);
}
