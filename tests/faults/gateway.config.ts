import { defineConfig } from '@graphql-hive/gateway';
import { composeSubgraphs, subgraphsFromEnvironment, useComposition } from '../../plugins/composition/index.ts';
import { planningEngine } from '../../plugins/execution/index.ts';
import { useHealth } from '../../plugins/health/index.ts';
import { useUpstream } from '../../plugins/upstream/index.ts';

// The gateway with limits that a test can wait for, and a breaker that stays out of the way.

const subgraphs = subgraphsFromEnvironment(process.env) ?? [];
const supergraph = composeSubgraphs({ subgraphs, pollInterval: 0, directory: process.env.GATEHOUSE_DIR });

export const gatewayConfig = defineConfig({
  supergraph,
  unifiedGraphHandler: planningEngine,
  __experimental__batchExecution: false,
  // Hive Gateway's own way is server-sent events.
  ...(process.env.SUBSCRIPTIONS !== 'sse' && {
    transportEntries: { '*.http': { options: { subscriptions: { kind: 'ws', location: '/graphql' } } } },
  }),
  plugins: () => [
    useHealth({ supergraph, subgraphs }),
    useComposition(supergraph),
    useUpstream({
      timeout: 500,
      retries: 1,
      baseDelay: 1,
      breakerMinimumCalls: 1_000_000,
      maxResponseBytes: 1_000_000,
    }),
  ],
});
