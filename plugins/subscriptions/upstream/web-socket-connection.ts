import { createClient, GRAPHQL_TRANSPORT_WS_PROTOCOL, type SubscribePayload } from 'graphql-ws';
import { WebSocket, type ErrorEvent } from 'ws';
import type { UpstreamSink } from './upstream.ts';

/** Times in ms. */
export interface WebSocketSettings {
  readonly connectionParams: Readonly<Record<string, unknown>> | undefined;
  readonly keepAlive: number;
  readonly keepAliveTimeout: number;
  readonly connectTimeout: number;
  readonly maxMessageBytes: number;
  readonly idleClose: number;
}

export interface WebSocketTarget {
  readonly url: URL;
  /** Of the upgrade request. */
  readonly headers: Readonly<Record<string, string>>;
}

/** One socket, for as long as it lives; there is no second one after it. */
export interface WebSocketConnection {
  /** Subscribes. The returned function leaves; when nobody is left for a while, the connection closes. */
  join(payload: SubscribePayload, told: UpstreamSink): () => void;
  /** Closes it, with nobody on it any more. */
  close(): void;
  /** Resolves when the socket is gone. */
  readonly closed: Promise<void>;
}

/** How long the subgraph has to answer that a connection is closed, in ms. */
const CLOSE_TIMEOUT = 1_000;
const NORMAL_CLOSURE = 1_000;

/**
 * A connection that speaks `graphql-transport-ws`. With it, all who are on it are lost.
 *
 * @param onUnusable nobody may join from now on
 */
export function connectWebSocket(
  { url, headers }: WebSocketTarget,
  settings: WebSocketSettings,
  onUnusable: () => void,
): WebSocketConnection {
  const { connectionParams, keepAlive, keepAliveTimeout, connectTimeout, maxMessageBytes, idleClose } = settings;
  const members = new Set<UpstreamSink>();
  const acknowledged = Promise.withResolvers<void>();
  let isUsable = true;
  let pongTimer: NodeJS.Timeout | undefined;
  let idleTimer: NodeJS.Timeout | undefined;

  // Made here and not by the client, since what its constructor throws would there be an unhandled rejection.
  const socket = new WebSocket(url, GRAPHQL_TRANSPORT_WS_PROTOCOL, {
    headers: { ...headers },
    maxPayload: maxMessageBytes,
    perMessageDeflate: false,
  });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const connectTimer = setTimeout(() => fail(`no connection_ack within ${connectTimeout} ms`), connectTimeout);

  const client = createClient({
    url: url.href,
    webSocketImpl: new Proxy(WebSocket, { construct: () => socket }),
    lazy: false,
    retryAttempts: 0,
    keepAlive,
    ...(connectionParams && { connectionParams: { ...connectionParams } }),
    onNonLazyError: () => {},
    on: {
      connected() {
        clearTimeout(connectTimer);
        acknowledged.resolve();
      },
      ping(isReceived) {
        if (isReceived) return;
        pongTimer = setTimeout(() => fail(`no pong within ${keepAliveTimeout} ms`), keepAliveTimeout);
      },
      pong(isReceived) {
        if (isReceived) clearTimeout(pongTimer);
      },
      error: (event) => fail(reasonOf(event)),
      closed: (event) => fail(`the subgraph closed the connection with ${(event as { code: number }).code}`),
    },
  });

  function retire(): void {
    isUsable = false;
    onUnusable();
    for (const timer of [connectTimer, pongTimer, idleTimer]) clearTimeout(timer);
    // After a close with 1000, the client would else connect again.
    Promise.resolve(client.dispose()).catch(() => {});
  }

  function fail(reason: string): void {
    if (!isUsable) return;
    retire();
    socket.terminate();
    for (const told of members) told.end({ kind: 'lost', reason });
  }

  function close(): void {
    if (!isUsable) return;
    retire();
    socket.close(NORMAL_CLOSURE);
    const timer = setTimeout(() => socket.terminate(), CLOSE_TIMEOUT);
    socket.once('close', () => clearTimeout(timer));
  }

  return {
    closed,
    close,
    join(payload, told) {
      clearTimeout(idleTimer);
      members.add(told);
      const drop = client.subscribe(payload, {
        next: (event) => told.next(event),
        error(error) {
          // Of a connection that failed, it was told already.
          if (Array.isArray(error)) told.end({ kind: 'refused', errors: error });
          else told.end({ kind: 'lost', reason: 'it could not be sent' });
        },
        complete: () => told.end({ kind: 'completed' }),
      });
      // The client sends `subscribe` some microtasks after the acknowledgement.
      void acknowledged.promise.then(() => setImmediate(told.opened));
      return () => {
        drop();
        members.delete(told);
        if (isUsable && members.size === 0) idleTimer = setTimeout(close, idleClose);
      };
    },
  };
}

/** Never the text of a message: what is not of the protocol may be anything. */
function reasonOf(event: unknown): string {
  const { error } = event as Partial<ErrorEvent>;
  if (!(error instanceof Error)) return 'the subgraph sent what is not of the protocol';
  return `the connection failed (${(error as NodeJS.ErrnoException).code ?? error.message})`;
}
