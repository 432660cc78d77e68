import type { SubgraphName } from './ports.ts';
import { defaultPorts } from './ports.ts';
import type { ListenOptions, RunningSubgraph } from './server/index.ts';

export type { RunningSubgraph, SubgraphName };

export interface DemoSubgraph {
  readonly name: SubgraphName;
  /** Where it listens unless told otherwise. */
  readonly port: number;
}

/** The four demo services. Importing the list loads none of them. */
export const demoSubgraphs: readonly DemoSubgraph[] = Object.entries(defaultPorts).map(([name, port]) => ({
  name: name as SubgraphName,
  port,
}));

export interface DemoOptions {
  /** Host name or address to listen on; `127.0.0.1` unless given. */
  readonly host?: string;
  /** Other ports than the default ones, by subgraph; `'free'` takes any free port for each. */
  readonly ports?: Partial<Record<SubgraphName, number>> | 'free';
}

export interface RunningDemo {
  /** In the order of `demoSubgraphs`. */
  readonly subgraphs: readonly RunningSubgraph[];
  /** Ends all four and every connection to them at once. */
  readonly close: () => Promise<void>;
}

/**
 * Starts the four demo subgraphs in this process, all or none.
 *
 * @throws Error naming the subgraph, host and port that could not be listened on
 */
export async function startDemoSubgraphs({ host, ports = {} }: DemoOptions = {}): Promise<RunningDemo> {
  const starts = await Promise.allSettled(
    demoSubgraphs.map(async ({ name, port }) => {
      const { start } = await services[name]();
      return start({ port: ports === 'free' ? 0 : (ports[name] ?? port), ...(host !== undefined && { host }) });
    }),
  );
  const subgraphs = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
  const close = async (): Promise<void> => {
    await Promise.all(subgraphs.map((subgraph) => subgraph.close()));
  };
  const failed = starts.find((start) => start.status === 'rejected');
  if (failed) {
    await close();
    throw failed.reason;
  }
  return { subgraphs, close };
}

const services: Record<SubgraphName, () => Promise<{ start: (options: ListenOptions) => Promise<RunningSubgraph> }>> = {
  accounts: () => import('./accounts/index.ts'),
  products: () => import('./products/index.ts'),
  inventory: () => import('./inventory/index.ts'),
  reviews: () => import('./reviews/index.ts'),
};
