import type { Duplex } from 'node:stream';
import { GraphQLError } from 'graphql';
import type { Connection } from './connection.ts';

/** What a client may not begin now: the operation alone ends, by a message of type `error`. */
export function refuse({ socket }: Connection, id: string, message: string, limit: object): void {
  const error = new GraphQLError(message, { extensions: { code: 'RATE_LIMITED', ...limit } });
  socket.send(JSON.stringify({ id, type: 'error', payload: [error] }));
}

/** Answers a request for a WebSocket with a status, and ends its connection. */
export function refuseUpgrade(stream: Duplex, status: string): void {
  // Nobody else listens, and a client that resets the connection is not to end the gateway.
  stream.on('error', () => stream.destroy());
  stream.once('finish', () => stream.destroy());
  stream.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}
