// Runs the four demo subgraphs on their default ports until Ctrl-C or SIGTERM; HOST says where they listen.
import { startDemoSubgraphs } from '../subgraphs/index.ts';
import { hostFromEnvironment, runUntilSignal } from '../subgraphs/server/process.ts';

await runUntilSignal(async () => {
  const demo = await startDemoSubgraphs({ host: hostFromEnvironment() });
  for (const { name, url } of demo.subgraphs) console.log(`${name.padEnd(9)} ${url}`);
  return demo;
});
