import type { connector } from './connect.ts';
import { CLOSE, close, principalKey, send, takeAllowance, type Connection } from './connection.ts';
import { pongMessage, readMessage, type ClientMessage } from './messages.ts';
import { beginOperation, type Execute } from './operation.ts';
import { refuse } from './refusals.ts';
import type { WebSocketSettings } from './settings.ts';
import type { Tally } from '../../tally.ts';

export interface Hearing {
  readonly connect: ReturnType<typeof connector>;
  readonly execute: Execute;
  /** Connections of each principal. */
  readonly byPrincipal: Tally;
  readonly settings: WebSocketSettings;
  failed(error: unknown): void;
}

/** Does what the messages of a client say, as far as it may. */
export function hearer({
  connect,
  execute,
  byPrincipal,
  settings,
  failed,
}: Hearing): (connection: Connection, text: string) => void {
  const { maxConnections, operationsPerSecond, maxOperations, maxBufferedBytes } = settings;

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

  return hear;
}
