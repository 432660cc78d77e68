import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { GatewayRuntime, Logger } from '@graphql-hive/gateway';
import { WebSocketServer, type WebSocket } from 'ws';
import { addressGroup, clientAddress } from '../../client-address/index.ts';
import type { ConnectionAuthenticator } from '../index.ts';
import { connector } from './connect.ts';
import { CLOSE, close, newConnection, principalKey, type Connection } from './connection.ts';
import { drain } from './drain.ts';
import { executor } from './execute.ts';
import { hearer } from './hear.ts';
import { sweepAll, sweepInterval } from './liveness.ts';
import { PROTOCOL } from './messages.ts';
import { stopAll } from './operation.ts';
import { refuseUpgrade } from './refusals.ts';
import { webSocketSettings, type WebSocketOptions } from './settings.ts';
import { tally } from '../../tally.ts';

export { webSocketSettings, type WebSocketOptions } from './settings.ts';

/** ms that a client has to answer that its socket is closed. */
const CLOSE_TIMEOUT = 1_000;
/** Of `ws` 8.19 and later; its types do not know it yet. */
const UNTYPED = { closeTimeout: CLOSE_TIMEOUT };

export interface WebSocketsStatus {
  readonly connections: number;
  readonly operations: number;
}

export interface WebSockets {
  status(): WebSocketsStatus;
  /** Refuses new connections, and closes those that are there with 1001, one after the other over the drain time. */
  close(): Promise<void>;
}

export interface WebSocketsOptions extends WebSocketOptions {
  readonly authentication: ConnectionAuthenticator | undefined;
  isAllowedOrigin(origin: string | undefined): boolean;
  readonly log: Pick<Logger, 'debug' | 'error'> | undefined;
}

/**
 * Serves `graphql-transport-ws` on the gateway's GraphQL endpoint, by
 * https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md.
 */
export function serveWebSockets(server: Server, runtime: GatewayRuntime, options: WebSocketsOptions): WebSockets {
  const settings = webSocketSettings(options);
  const { maxConnections } = settings;
  const { authentication, isAllowedOrigin, log } = options;
  const addressOf = authentication?.addressOf ?? clientAddress([]);
  const connections = new Set<Connection>();
  const byAddress = tally();
  const byPrincipal = tally();
  const connect = connector({ authentication });
  const execute = executor(runtime);
  const failed = (error: unknown): void => log?.error({ err: error }, 'An operation on a WebSocket failed');
  let sweeping: NodeJS.Timeout | undefined;
  let isDraining = false;
  const hear = hearer({ connect, execute, byPrincipal, settings, failed });
  const sweep = (): void => sweepAll(connections, settings, log);

  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: settings.maxMessageBytes,
    perMessageDeflate: false,
    ...UNTYPED,
    handleProtocols: (offered) => (offered.has(PROTOCOL) ? PROTOCOL : false),
  });

  function upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    if (pathOf(request) !== runtime.graphqlEndpoint) return refuseUpgrade(stream, '404 Not Found');
    if (isDraining) return refuseUpgrade(stream, '503 Service Unavailable');
    sockets.handleUpgrade(request, stream, head, (socket) => open(socket, stream, request));
  }

  function open(socket: WebSocket, stream: Duplex, request: IncomingMessage): void {
    const address = addressOf(request);
    const connection = newConnection(socket, stream, request, address, settings);
    socket.on('error', (error) => log?.debug({ err: error }, 'A WebSocket failed'));
    if (socket.protocol !== PROTOCOL) return close(connection, CLOSE.subprotocol, 'Subprotocol not acceptable');
    if (!isAllowedOrigin(request.headers.origin)) return close(connection, CLOSE.forbidden, 'Forbidden origin');
    if (connections.size >= maxConnections.process) return close(connection, CLOSE.limited, 'Too many connections');
    const group = addressGroup(address) ?? address;
    if (!byAddress.add(group, maxConnections.address))
      return close(connection, CLOSE.limited, 'Too many connections from this address');
    connections.add(connection);
    sweeping ??= setInterval(sweep, sweepInterval(settings)).unref();
    socket.on('message', (data: Buffer) => hear(connection, data.toString()));
    socket.on('pong', () => void (connection.awaitsPong = false));
    socket.on('close', () => {
      connection.stage = 'closed';
      connections.delete(connection);
      byAddress.remove(group);
      leavePrincipal(connection);
      stopAll(connection);
      if (connections.size > 0) return;
      clearInterval(sweeping);
      sweeping = undefined;
    });
  }

  function leavePrincipal({ caller }: Connection): void {
    if (!caller) return;
    if (caller.principal.kind !== 'anonymous') byPrincipal.remove(principalKey(caller.principal));
    caller.close();
  }

  server.on('upgrade', upgrade);
  return {
    status() {
      let operations = 0;
      for (const connection of connections) operations += connection.operations.size;
      return { connections: connections.size, operations };
    },
    async close() {
      isDraining = true;
      await drain(connections, settings.drainTimeout, CLOSE_TIMEOUT);
      server.off('upgrade', upgrade);
      sockets.close();
    },
  };
}

function pathOf({ url = '' }: IncomingMessage): string {
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
}
