import { expect, test } from 'vitest';
import { startGateway } from '../harness/gateway.ts';
import { federated, startSubgraph } from '../harness/subgraph.ts';
import { until } from '../harness/until.ts';

test('a gateway of several processes (--fork) ends when it is told to, parent and workers, with exit code 0', async () => {
  await using subgraph = await startSubgraph('hello', federated('type Query { hello: String }'));
  await using gateway = await startGateway({ subgraphs: [subgraph], env: { FORK: '2' } });
  // A worker that is told to end while it starts fails in the CLI's own code.
  const listening = (): number => gateway.log().split('Listening on').length - 1;
  await until('both workers to listen', () => listening() === 2, 20_000);
  let exitCode: number | null | undefined;
  void gateway.stop().then((code) => (exitCode = code));
  await until('all of it to end', () => exitCode !== undefined, 10_000);
  expect(exitCode).toBe(0);
});
