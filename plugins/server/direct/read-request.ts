import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { GatewayRuntime } from '@graphql-hive/gateway';

type FetchAPI = GatewayRuntime['fetchAPI'];

/**
 * A request whose body has been read, for hooks of plugins: `text()`, `json()` and `arrayBuffer()` give it as often as
 * they are called, and there is no stream (`body` is null). Its signal aborts when the client goes before it is answered.
 */
export class ReadRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body = null;
  readonly bodyUsed = false;
  readonly [Symbol.toStringTag] = 'Request';
  readonly #fetchAPI: FetchAPI;
  readonly #bytes: Buffer;
  readonly #response: ServerResponse;
  #parsedUrl: URL | undefined;
  #signal: AbortSignal | undefined;

  constructor(fetchAPI: FetchAPI, request: IncomingMessage, response: ServerResponse, body: Buffer) {
    const { method = '', url = '', headers, socket } = request;
    const scheme = (socket as Partial<TLSSocket>).encrypted ? 'https' : 'http';
    this.method = method;
    this.url = `${scheme}://${headers.host ?? 'localhost'}${url}`;
    this.headers = new fetchAPI.Headers(headers as Record<string, string>);
    this.#fetchAPI = fetchAPI;
    this.#bytes = body;
    this.#response = response;
  }

  get parsedUrl(): URL {
    return (this.#parsedUrl ??= new this.#fetchAPI.URL(this.url, 'http://localhost'));
  }

  get signal(): AbortSignal {
    return (this.#signal ??= signalOf(this.#response));
  }

  async text(): Promise<string> {
    return this.#bytes.toString();
  }

  async json(): Promise<unknown> {
    return JSON.parse(this.#bytes.toString());
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return new Uint8Array(this.#bytes).buffer;
  }

  clone(): this {
    return this;
  }
}

/**
 * Parsed once. For a property that holds it: an object that is written with a getter is a dictionary to V8, and what such
 * a one leads to, which is all that the request has, survives each collection but a full one (seen on Node 24).
 */
export function urlOf(request: Request & { readonly parsedUrl?: URL }): URL {
  return request.parsedUrl ?? new URL(request.url, 'http://localhost');
}

function signalOf(response: ServerResponse): AbortSignal {
  const aborting = new AbortController();
  if (response.destroyed) aborting.abort();
  else response.once('close', () => response.writableFinished || aborting.abort());
  return aborting.signal;
}
