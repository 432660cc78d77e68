import { monitorEventLoopDelay } from 'node:perf_hooks';
import { defineConfig, type GatewayPlugin } from '@graphql-hive/gateway';
import { unifiedGraphHandler } from '@graphql-hive/router-runtime';
import { composeSubgraphs, useComposition } from '../../plugins/composition/index.ts';
import { planningEngine } from '../../plugins/execution/index.ts';
import { SUBGRAPHS } from './generated-subgraphs.ts';

const { SUBGRAPH_SERVER, ENGINE, STATE_DIRECTORY } = process.env;

const supergraph = composeSubgraphs({
  subgraphs: Array.from({ length: SUBGRAPHS }, (_, index) => ({
    name: `s${index}`,
    url: `${SUBGRAPH_SERVER}/${index}`,
  })),
  pollInterval: 0,
  directory: STATE_DIRECTORY,
});

/** GET /bench/delay: the longest block of the event loop since the last call, in ms. POST /bench/refresh: reload now. */
function useMeasure(): GatewayPlugin {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  return {
    async onRequest({ url, endResponse }) {
      if (url.pathname === '/bench/delay') {
        const longest = histogram.max / 1e6;
        histogram.reset();
        endResponse(Response.json({ longest, version: supergraph.status().version }));
      }
      if (url.pathname === '/bench/refresh') {
        await supergraph.live()?.refresh();
        endResponse(Response.json(supergraph.status()));
      }
    },
  };
}

export const gatewayConfig = defineConfig({
  supergraph,
  unifiedGraphHandler: ENGINE === 'bare' ? unifiedGraphHandler : planningEngine,
  gracefulSchemaReload: { drainTimeout: 30_000 },
  plugins: () => [useMeasure(), useComposition(supergraph)],
});
