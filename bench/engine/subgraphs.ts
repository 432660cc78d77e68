import { startDemoSubgraphs } from '../../subgraphs/index.ts';

// The demo subgraphs in a process of their own, so that their CPU time is not the gateway's.

const { subgraphs } = await startDemoSubgraphs({ ports: 'free' });
process.send?.(subgraphs.map(({ name, url }) => ({ name, url })));
process.once('disconnect', () => process.exit(0));
