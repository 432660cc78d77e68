import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';

/** A client of one subscription, down to its socket. */
export interface OpenClient {
  /** Parsed responses. */
  readonly events: { readonly data?: unknown; readonly errors?: readonly { extensions?: { code?: string } }[] }[];
  /** All that told it of the end, in order: `complete`, `error CODE`, `closed 4401`, `cut`. */
  readonly ends: string[];
  /** Ends the subscription as its protocol has it. */
  stop(): void;
  /** Closes the connection. */
  close(): void;
  /** Resets it (TCP RST). */
  reset(): void;
  /** Sends a message; over WebSocket alone. */
  send(message: object): void;
}

export type Transport = 'ws' | 'sse' | 'multipart';

export type Headers = Readonly<Record<string, string>>;

export function openClient(transport: Transport, url: string, query: string, headers: Headers = {}): OpenClient {
  return transport === 'ws' ? overWebSocket(url, query, headers) : overHttp(transport, url, query, headers);
}

function overWebSocket(url: string, query: string, headers: Headers): OpenClient {
  const events: OpenClient['events'] = [];
  const ends: string[] = [];
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const send = (message: object): void => socket.send(JSON.stringify(message));
  socket.on('open', () => send({ type: 'connection_init', payload: headers }));
  socket.on('message', (text: Buffer) => {
    const { type, payload } = JSON.parse(text.toString()) as { type: string; payload?: unknown };
    if (type === 'connection_ack') send({ type: 'subscribe', id: '1', payload: { query } });
    if (type === 'next') events.push(payload as never);
    if (type === 'complete') ends.push('complete');
    if (type === 'error') ends.push(`error ${codeOf(payload)}`);
  });
  socket.on('close', (code) => ends.push(code === 1006 ? 'cut' : `closed ${code}`));
  socket.on('error', () => {});
  return {
    events,
    ends,
    send,
    stop: () => send({ type: 'complete', id: '1' }),
    close: () => socket.close(1000),
    reset: () => (socket as unknown as { _socket: Socket })._socket.resetAndDestroy(),
  };
}

const ACCEPT = {
  sse: 'text/event-stream',
  multipart: 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0, application/json',
};

function overHttp(transport: 'sse' | 'multipart', url: string, query: string, headers: Headers): OpenClient {
  const events: OpenClient['events'] = [];
  const ends: string[] = [];
  const read = transport === 'sse' ? readEvents : readParts;
  let rest = '';
  const request: ClientRequest = httpRequest(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: ACCEPT[transport], ...headers },
    agent: false,
  });
  request.on('response', (response: IncomingMessage) => {
    response.on('data', (chunk: Buffer) => (rest = read(rest + chunk.toString(), events, ends)));
    response.on('close', () => {
      if (!response.complete) ends.push('cut');
    });
    response.on('error', () => {});
  });
  request.on('error', () => {});
  request.end(JSON.stringify({ query }));
  const close = (): void => void request.destroy();
  return {
    events,
    ends,
    stop: close,
    close,
    reset: () => request.socket?.resetAndDestroy(),
    send: () => {
      throw new Error('over HTTP, nothing is sent after the request');
    },
  };
}

type Reader = (text: string, events: OpenClient['events'], ends: string[]) => string;

const readEvents: Reader = (text, events, ends) => {
  const blocks = text.split('\n\n');
  for (const block of blocks.slice(0, -1)) {
    if (block.startsWith('event: complete')) ends.push('complete');
    const [, data] = /^event: next\ndata: (.*)$/.exec(block) ?? [];
    if (data !== undefined) take(JSON.parse(data) as never, events, ends);
  }
  return blocks.at(-1) ?? '';
};

const readParts: Reader = (text, events, ends) => {
  if (text.endsWith('--graphql--\r\n')) ends.push('complete');
  const parts = text.split('\r\n--graphql');
  for (const part of parts.slice(1)) {
    const [, body] = part.split('\r\n\r\n');
    if (body === undefined || !isJson(body)) continue;
    const { payload, errors } = JSON.parse(body) as { payload?: object | null; errors?: unknown };
    if (payload) take(payload, events, ends);
    if (errors) ends.unshift(`error ${codeOf(errors)}`);
  }
  return '';
};

function take(result: OpenClient['events'][number], events: OpenClient['events'], ends: string[]): void {
  if (result.data === undefined && result.errors) ends.push(`error ${codeOf(result.errors)}`);
  else events.push(result);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function codeOf(errors: unknown): string {
  return String((errors as { extensions?: { code?: string } }[])[0]?.extensions?.code);
}
