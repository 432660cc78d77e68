import { subscribe } from 'node:diagnostics_channel';
import { startDemoSubgraphs } from '../../subgraphs/index.ts';
import { obey } from '../subscriptions/child.ts';

// The demo subgraphs in a process of their own, which counts what it is asked.

export type SubgraphsCommand = { readonly do: 'start' | 'take calls' };

let calls = 0;
subscribe('http.server.request.start', () => calls++);

obey(async (command: SubgraphsCommand) => {
  if (command.do === 'start') {
    const { subgraphs } = await startDemoSubgraphs({ ports: 'free' });
    return subgraphs.map(({ name, url }) => ({ name, url }));
  }
  const taken = calls;
  calls = 0;
  return taken;
});
