import type { EventEmitter } from 'node:events';

/**
 * Asks the gateway to call its supergraph source again and to move to what that returns.
 *
 * It is the message that the CLI's primary process sends its workers; the CLI listens for it on `process` once its
 * server is being started, and offers a plugin no other handle. False when nobody listens (yet).
 */
export function requestReload(): boolean {
  // Node's types know this event only as one that comes from a parent process.
  return (process as EventEmitter).emit('message', 'invalidateUnifiedGraph');
}
