import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Principal } from '../../request-context.ts';
import type { ConnectionCaller } from './connection-caller.ts';
import type { Operation } from './operation.ts';
import type { WebSocketSettings } from './settings.ts';

/** What a WebSocket is closed with; of graphql-transport-ws, and relatives of these in the contract. */
export const CLOSE = {
  normal: 1000,
  goingAway: 1001,
  badRequest: 4400,
  unauthenticated: 4401,
  forbidden: 4403,
  subprotocol: 4406,
  initTimeout: 4408,
  operationExists: 4409,
  limited: 4429,
  /** Twice `connection_init`: by the protocol the same number as too many requests. */
  initTwice: 4429,
  unavailable: 4500,
} as const;

/** One WebSocket of a client. Times are those of `performance.now()`, in ms. */
export interface Connection {
  readonly socket: WebSocket;
  /** What carries it. */
  readonly stream: Duplex;
  /** Its upgrade. */
  readonly request: IncomingMessage;
  readonly address: string;
  readonly openedAt: number;
  /** The end of its life by `maxLifetime`. */
  readonly endsAt: number;
  stage: 'opened' | 'connecting' | 'ready' | 'closed';
  /** Known once `connection_init` was accepted. */
  caller: ConnectionCaller | undefined;
  /** Under the id that the client has for each. */
  readonly operations: Map<string, Operation>;
  /** When its last operation ended. */
  idleSince: number;
  pingedAt: number;
  awaitsPong: boolean;
  /** Since when more waits to be sent than may. */
  slowSince: number | undefined;
  /** Operations that it may begin at once, as of `allowedAt`. */
  allowance: number;
  allowedAt: number;
}

export function newConnection(
  socket: WebSocket,
  stream: Duplex,
  request: IncomingMessage,
  address: string,
  { maxLifetime, operationsPerSecond }: WebSocketSettings,
): Connection {
  const now = performance.now();
  return {
    socket,
    stream,
    request,
    address,
    openedAt: now,
    endsAt: maxLifetime === 0 ? Infinity : now + maxLifetime * (1 - Math.random() / 10),
    stage: 'opened',
    caller: undefined,
    operations: new Map(),
    idleSince: now,
    pingedAt: now,
    awaitsPong: false,
    slowSince: undefined,
    allowance: operationsPerSecond,
    allowedAt: now,
  };
}

/** The first close of a socket is the one that counts. */
export function close({ socket }: Connection, code: number, reason: string): void {
  socket.close(code, reason);
}

export function send({ socket }: Connection, message: string | Buffer): void {
  if (socket.readyState === socket.OPEN) socket.send(message, { binary: false });
}

/** Takes one of the operations that a connection may begin. False when there is none left for now. */
export function takeAllowance(connection: Connection, perSecond: number): boolean {
  const now = performance.now();
  const regained = ((now - connection.allowedAt) / 1000) * perSecond;
  connection.allowance = Math.min(perSecond, connection.allowance + regained);
  connection.allowedAt = now;
  if (connection.allowance < 1) return false;
  connection.allowance--;
  return true;
}

/** Whom it is, for logs and limits of the caller's own; never of a credential. */
export function principalKey({ method, id }: Principal): string {
  return `${method} ${id}`;
}
