import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { GatewayRuntime, Logger } from '@graphql-hive/gateway';
import { GraphQLError } from 'graphql';
import { WebSocketServer, type WebSocket } from 'ws';
import { addressGroup, clientAddress } from '../../client-address/index.ts';
import type { ConnectionAuthenticator } from '../index.ts';
import { connector } from './connect.ts';
import { CLOSE, close, newConnection, principalKey, send, takeAllowance, type Connection } from './connection.ts';
import { drain } from './drain.ts';
import { executor } from './execute.ts';
import { fateOf, sweepInterval } from './liveness.ts';
import { pongMessage, PROTOCOL, readMessage, type ClientMessage } from './messages.ts';
import { beginOperation, stopAll } from './operation.ts';
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
  const { maxConnections, operationsPerSecond, maxOperations, maxBufferedBytes } = settings;
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

  function hear(connection: Connection, text: string): void {
    // What a closing socket still sends is for nobody.
    if (connection.socket.readyState !== connection.socket.OPEN) return;
    const message = readMessage(text);
    if (message === undefined) return close(connection, CLOSE.badRequest, 'Invalid message');
    // Refusals wait to be read as well.
    if (connection.socket.bufferedAmount > 2 * maxBufferedBytes) return connection.socket.terminate();
    // Whoever sends far more than operations is not to keep the gateway busy with that.
    if (message.type !== 'complete' && !takeAllowance(connection, operationsPerSecond))
      return tooMuch(connection, message);
    act(connection, message);
  }

  function act(connection: Connection, message: ClientMessage): void {
    switch (message.type) {
      case 'connection_init':
        if (connection.stage !== 'opened')
          return close(connection, CLOSE.initTwice, 'Too many initialisation requests');
        return void connect.begin(connection, message.payload, admitPrincipal).catch((error: unknown) => {
          failed(error);
          close(connection, CLOSE.unavailable, 'Credentials cannot be checked at the moment');
        });
      case 'ping':
        if (message.payload && connection.caller)
          return void connect.renew(connection, connection.caller, message.payload).catch(failed);
        return send(connection, pongMessage());
      case 'pong':
        return;
      case 'complete':
        return connection.operations.get(message.id)?.stop();
      case 'subscribe':
        return subscribe(connection, message);
    }
  }

  function admitPrincipal({ caller }: Connection): boolean {
    if (!caller || caller.principal.kind === 'anonymous') return true;
    return byPrincipal.add(principalKey(caller.principal), maxConnections.principal);
  }

  function subscribe(connection: Connection, { id, payload }: Extract<ClientMessage, { type: 'subscribe' }>): void {
    const { operations, stage } = connection;
    if (stage !== 'ready') return close(connection, CLOSE.unauthenticated, 'Unauthorized');
    if (connect.hasEnded(connection)) return;
    if (operations.has(id)) return close(connection, CLOSE.operationExists, `Subscriber for ${id} already exists`);
    if (operations.size >= maxOperations) {
      const limit = { limit: maxOperations, policy: 'operations per connection' };
      return refuse(connection, id, `A connection has ${maxOperations} operations at most.`, limit);
    }
    if (connection.socket.bufferedAmount > maxBufferedBytes) {
      const limit = { limit: maxBufferedBytes, policy: 'bytes that wait for a connection' };
      return refuse(connection, id, 'The connection is to read what waits for it first.', limit);
    }
    beginOperation(connection, id, payload, execute, failed);
  }

  function tooMuch(connection: Connection, message: ClientMessage): void {
    if (message.type !== 'subscribe') return close(connection, CLOSE.limited, 'Too many messages');
    const limit = { limit: operationsPerSecond, policy: 'operations per second', retryAfter: 1 };
    return refuse(
      connection,
      message.id,
      `A connection begins ${operationsPerSecond} operations a second at most.`,
      limit,
    );
  }

  function sweep(): void {
    const now = performance.now();
    for (const connection of connections) {
      const isSlow = connection.socket.bufferedAmount > maxBufferedBytes;
      connection.slowSince = isSlow ? (connection.slowSince ?? now) : undefined;
      const fate = fateOf(connection, settings, now);
      switch (fate.kind) {
        case 'stays':
          break;
        case 'pinged':
          connection.pingedAt = now;
          connection.awaitsPong = true;
          connection.socket.ping();
          break;
        case 'closed':
          close(connection, fate.code, fate.reason);
          break;
        case 'cut':
          log?.debug({ reason: fate.reason, address: connection.address }, 'A WebSocket was cut off');
          connection.socket.terminate();
      }
    }
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

function refuse({ socket }: Connection, id: string, message: string, limit: object): void {
  const error = new GraphQLError(message, { extensions: { code: 'RATE_LIMITED', ...limit } });
  socket.send(JSON.stringify({ id, type: 'error', payload: [error] }));
}

function refuseUpgrade(stream: Duplex, status: string): void {
  // Nobody else listens, and a client that resets the connection is not to end the gateway.
  stream.on('error', () => stream.destroy());
  stream.once('finish', () => stream.destroy());
  stream.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}

function pathOf({ url = '' }: IncomingMessage): string {
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
}
