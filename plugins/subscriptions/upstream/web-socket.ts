import type { SubscribePayload } from 'graphql-ws';
import { openSubscriptions } from './open-subscriptions.ts';
import { optionChecks } from './option-checks.ts';
import type { Upstream, UpstreamOperation } from './upstream.ts';
import {
  connectWebSocket,
  type WebSocketConnection,
  type WebSocketSettings,
  type WebSocketTarget,
} from './web-socket-connection.ts';

export interface WebSocketOptions {
  /** Where the subgraph takes WebSockets, such as "/graphql". Default: the path of its URL. */
  readonly path?: string;
  /** The payload of `connection_init`; may hold secrets. Default: none. */
  readonly connectionParams?: Readonly<Record<string, unknown>>;
  /**
   * Headers that go with the upgrade request, where each set of them has a connection of its own. All others go with each
   * subscription, in `extensions.headers` of its payload, so that callers can share a connection. Default: none.
   */
  readonly upgradeHeaders?: readonly string[];
  /** After so many ms without a ping, the next one. Default: 10,000. */
  readonly keepAlive?: number;
  /** How long the subgraph has to answer a ping, in ms. Default: 5,000. */
  readonly keepAliveTimeout?: number;
  /** How long it may take until `connection_ack`, in ms. Default: 5,000. */
  readonly connectTimeout?: number;
  /** The largest message that is read, in bytes. Default: 4 MiB. */
  readonly maxMessageBytes?: number;
  /** How long a connection without subscriptions is kept, in ms. Default: 3,000. */
  readonly idleClose?: number;
}

/**
 * Subscriptions over WebSocket, in the `graphql-transport-ws` protocol. Those that go to one URL with the same headers
 * of the upgrade share a connection. Nothing is tried again: with its connection, every subscription on it is lost.
 *
 * @throws Error that names the option that is wrong, and what it takes
 */
export function webSocketUpstream(options: WebSocketOptions = {}): Upstream {
  const { path } = options;
  const settings = settingsOf(options);
  const onUpgradeNames = new Set(options.upgradeHeaders?.map((name) => name.toLowerCase()));
  /** Those that may be joined. */
  const usable = new Map<string, WebSocketConnection>();
  /** Those whose sockets are not gone. */
  const alive = new Set<WebSocketConnection>();

  function connectionTo(target: WebSocketTarget): WebSocketConnection {
    const key = JSON.stringify([target.url, Object.entries(target.headers).toSorted()]);
    const known = usable.get(key);
    if (known) return known;
    const connection = connectWebSocket(target, settings, () => usable.delete(key));
    usable.set(key, connection);
    alive.add(connection);
    void connection.closed.then(() => alive.delete(connection));
    return connection;
  }

  const subscriptions = openSubscriptions((operation, told) => {
    const { onUpgrade, withEach } = sortHeaders(operation, onUpgradeNames);
    const target = { url: webSocketUrl(operation.url, path), headers: onUpgrade };
    return connectionTo(target).join(payloadOf(operation, withEach), told);
  });

  return {
    open: subscriptions.open,
    async close() {
      subscriptions.close();
      for (const connection of alive) connection.close();
      await Promise.all([...alive].map(({ closed }) => closed));
    },
    status: () => ({ connections: alive.size, subscriptions: subscriptions.count() }),
  };
}

function settingsOf(options: WebSocketOptions): WebSocketSettings {
  const { path, connectionParams, upgradeHeaders = [] } = options;
  const { keepAlive = 10_000, keepAliveTimeout = 5_000, connectTimeout = 5_000 } = options;
  const { maxMessageBytes = 4 * 1024 * 1024, idleClose = 3_000 } = options;
  const check = optionChecks('webSocketUpstream');
  if (path !== undefined) check.path('path', path);
  if (connectionParams !== undefined) check.record('connectionParams', connectionParams);
  check.texts('upgradeHeaders', upgradeHeaders);
  check.whole('keepAlive', keepAlive, 1);
  check.whole('keepAliveTimeout', keepAliveTimeout, 1);
  check.whole('connectTimeout', connectTimeout, 1);
  check.whole('maxMessageBytes', maxMessageBytes, 1);
  check.whole('idleClose', idleClose, 0);
  return { connectionParams, keepAlive, keepAliveTimeout, connectTimeout, maxMessageBytes, idleClose };
}

function webSocketUrl(endpoint: string, path: string | undefined): URL {
  const url = new URL(path ?? endpoint, endpoint);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.hash = '';
  return url;
}

interface SortedHeaders {
  readonly onUpgrade: Readonly<Record<string, string>>;
  readonly withEach: Readonly<Record<string, string>>;
}

function sortHeaders({ headers }: UpstreamOperation, forUpgrade: ReadonlySet<string>): SortedHeaders {
  const those = (isWanted: (name: string) => boolean) =>
    Object.fromEntries(Object.entries(headers).filter(([name]) => isWanted(name)));
  return { onUpgrade: those((name) => forUpgrade.has(name)), withEach: those((name) => !forUpgrade.has(name)) };
}

function payloadOf(operation: UpstreamOperation, headers: SortedHeaders['withEach']): SubscribePayload {
  const { query, operationName, variables } = operation;
  return {
    query,
    ...(operationName !== undefined && { operationName }),
    ...(variables && { variables: { ...variables } }),
    ...(Object.keys(headers).length > 0 && { extensions: { headers } }),
  };
}
