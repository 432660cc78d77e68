import { defineConfig } from '@graphql-hive/gateway';
import { composeSubgraphs, subgraphsFromEnvironment, useComposition } from '../../../plugins/composition/index.ts';
import { planningEngine } from '../../../plugins/execution/index.ts';
import { useHealth } from '../../../plugins/health/index.ts';
import { useLimits, type RatePolicy } from '../../../plugins/limits/index.ts';
import { useOperationProfiles } from '../../../plugins/operation/index.ts';
import { connectRedis, useRedis } from '../../../plugins/redis/index.ts';
import { useUpstream } from '../../../plugins/upstream/index.ts';

// Without limits, or under as many policies as `POLICIES` says.

const { env } = process;
const subgraphs = subgraphsFromEnvironment(env) ?? [];
const supergraph = composeSubgraphs({ subgraphs, pollInterval: 0, directory: env.STATE_DIRECTORY });
const redis = connectRedis({ url: env.REDIS_URL });
const policies = (['address', 'global', 'operation'] as const)
  .slice(0, Number(env.POLICIES))
  .map((scope): RatePolicy => ({ name: scope, scope, capacity: 1e6, refillPerSecond: 1e5 }));

export const gatewayConfig = defineConfig({
  supergraph,
  unifiedGraphHandler: planningEngine,
  __experimental__batchExecution: false,
  plugins: ({ log }) => [
    useHealth({ supergraph, subgraphs }),
    ...(policies.length > 0
      ? [
          useOperationProfiles(),
          useLimits({ store: redis, policies, timeout: 2_000, ...(env.LEASES === 'on' && { leases: {} }), log }),
          useRedis(redis, log),
        ]
      : []),
    useComposition(supergraph),
    useUpstream(),
  ],
});
