import type { ListenOptions, RunningSubgraph } from './index.ts';
import { DEFAULT_HOST } from './index.ts';
import type { SubgraphName } from '../ports.ts';
import { defaultPorts } from '../ports.ts';

interface Closable {
  readonly close: () => Promise<void>;
}

/** Host to listen on, from `HOST`. */
export function hostFromEnvironment(): string {
  return process.env['HOST'] || DEFAULT_HOST;
}

/**
 * Runs what `start` starts for as long as the process lives. SIGINT and SIGTERM close it and end the process with code 0;
 * when it cannot start, the reason goes to stderr and the code is 1.
 */
export async function runUntilSignal(start: () => Promise<Closable>): Promise<void> {
  const starting = start();
  // Listening for signals from here on: one that comes while the servers start is honoured as soon as they have.
  const stop = (): void => void starting.then(({ close }) => close()).then(() => process.exit(0));
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    await starting;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}

/** Runs one subgraph as its own process, on `PORT` and `HOST`. */
export function runSubgraph(
  name: SubgraphName,
  start: (options: ListenOptions) => Promise<RunningSubgraph>,
): Promise<void> {
  return runUntilSignal(async () => {
    const subgraph = await start({ port: portFromEnvironment(defaultPorts[name]), host: hostFromEnvironment() });
    console.log(`${name} ${subgraph.url}`);
    return subgraph;
  });
}

function portFromEnvironment(fallback: number): number {
  const port = Number(process.env['PORT'] || fallback);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new Error(`PORT: "${process.env['PORT']}" is not a port; it takes a whole number from 0 to 65535.`);
}
