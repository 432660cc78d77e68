import { setTimeout as sleep } from 'node:timers/promises';
import { CLOSE, close, type Connection } from './connection.ts';

/** ms between two looks at which connections are due. */
const STEP = 50;
/** ms for each connection: a few do not take all of the window. */
const EACH = 5;

/**
 * Closes connections with 1001, evenly over `window` ms at most, so that clients do not all come to the next gateway at once.
 * Those with a query or mutation under way are closed when that has ended, or last. Who does not answer the close within
 * `closeTimeout` ms is cut off.
 */
export async function drain(connections: ReadonlySet<Connection>, window: number, closeTimeout: number): Promise<void> {
  const beganAt = performance.now();
  const waiting = [...connections];
  const all = waiting.length;
  const spread = Math.min(window, all * EACH);
  while (waiting.length > 0) {
    const elapsed = performance.now() - beganAt;
    const due = elapsed >= spread ? all : Math.ceil((all * (elapsed + STEP)) / spread);
    for (let closed = all - waiting.length; closed < due && waiting.length > 0; closed++) {
      const at = elapsed >= window ? 0 : waiting.findIndex((connection) => !isAnswering(connection));
      const [connection] = at === -1 ? [] : waiting.splice(at, 1);
      if (!connection) break;
      close(connection, CLOSE.goingAway, 'Going away');
    }
    if (waiting.length > 0) await sleep(STEP);
  }
  const until = performance.now() + closeTimeout;
  while (connections.size > 0 && performance.now() < until) await sleep(STEP / 5);
  for (const { socket } of connections) socket.terminate();
}

/** With an operation that ends by itself. */
function isAnswering({ operations }: Connection): boolean {
  return [...operations.values()].some((operation) => !operation.isStream());
}
