import { subscribe } from 'node:diagnostics_channel';
import type { Server } from 'node:http';
import { startDemoSubgraphs } from '../../subgraphs/index.ts';
import { obey } from '../subscriptions/child.ts';

// The demo subgraphs in a process of their own, which counts what it is asked.

export type SubgraphsCommand = { readonly do: 'start' | 'take calls' };

/** ms: longer than one contender waits while all others are asked, or it may ask on a connection that is just closed. */
const KEEP_ALIVE = 600_000;

let calls = 0;
subscribe('http.server.request.start', () => calls++);
subscribe('tracing:net.server.listen:asyncStart', (message) => {
  (message as { readonly server: Server }).server.keepAliveTimeout = KEEP_ALIVE;
});

obey(async (command: SubgraphsCommand) => {
  if (command.do === 'start') {
    const { subgraphs } = await startDemoSubgraphs({ ports: 'free' });
    return subgraphs.map(({ name, url }) => ({ name, url }));
  }
  const taken = calls;
  calls = 0;
  return taken;
});
