import { defineConfig } from '@graphql-hive/gateway';
import { authzenEngine, cedarEngine } from '../../../plugins/authorization/engines/index.ts';
import { useAuthorization } from '../../../plugins/authorization/index.ts';
import { composeSubgraphs, subgraphsFromEnvironment, useComposition } from '../../../plugins/composition/index.ts';
import { planningEngine } from '../../../plugins/execution/index.ts';
import { useHealth } from '../../../plugins/health/index.ts';
import { useUpstream } from '../../../plugins/upstream/index.ts';
import { useEngineFailureCount } from './engine-failure-count.ts';
import { CEDAR_TTL, ENGINE_TIMEOUT } from './engine-limits.ts';

// The gateway with a route for each way in which an engine is treated.

const { env } = process;
const url = env.DECISION_POINT ?? '';

const subgraphs = subgraphsFromEnvironment(env) ?? [];
const supergraph = composeSubgraphs({ subgraphs, pollInterval: 0, directory: env.GATEHOUSE_DIR });

export const gatewayConfig = defineConfig({
  supergraph,
  unifiedGraphHandler: planningEngine,
  __experimental__batchExecution: false,
  plugins: ({ log }) => {
    const cedar = cedarEngine({ directory: env.POLICIES ?? '', log });
    return [
      useEngineFailureCount(),
      useHealth({ supergraph, subgraphs }),
      useComposition(supergraph),
      useAuthorization({
        policies: [
          { engine: authzenEngine({ url }), policies: ['remote'], timeout: ENGINE_TIMEOUT },
          { engine: authzenEngine({ url }), policies: ['lenient'], timeout: ENGINE_TIMEOUT, onFailure: 'allow' },
          // What takes long here is the load, which shares the machine with the gateway.
          { engine: cedar, policies: ['sealed'], timeout: 20_000 },
          { engine: cedar, policies: ['kept'], timeout: 20_000, ttl: CEDAR_TTL },
        ],
        log,
      }),
      useUpstream(),
    ];
  },
});
