import cluster from 'node:cluster';

/**
 * To be called by one of several (`--fork`) when all of it has ended: the channel between the CLI's primary and its
 * workers keeps both alive, each waiting for the other. Does nothing in a gateway of one process.
 */
export function leavePrimary(): void {
  cluster.worker?.disconnect();
}
