import { afterAll, beforeAll } from 'vitest';
import type { RunningDemo, SubgraphName } from '../../subgraphs/index.ts';
import { startDemoSubgraphs } from '../../subgraphs/index.ts';

/** Runs the four on free ports around the tests of a file; answers the endpoint of each. */
export function runDemoSubgraphs(): (name: SubgraphName) => string {
  let demo: RunningDemo | undefined;
  beforeAll(async () => {
    demo = await startDemoSubgraphs({ ports: 'free' });
  });
  afterAll(() => demo?.close());
  return (name) => {
    const subgraph = demo?.subgraphs.find((candidate) => candidate.name === name);
    if (!subgraph) throw new Error(`${name} is not running`);
    return subgraph.url;
  };
}
