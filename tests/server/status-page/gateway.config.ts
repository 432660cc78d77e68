import { defineConfig } from '@graphql-hive/gateway';
import { useAccounts } from '../../../plugins/account/index.ts';
import { useCaching } from '../../../plugins/caching/index.ts';
import { composeSubgraphs, subgraphsFromEnvironment, useComposition } from '../../../plugins/composition/index.ts';
import { planningEngine } from '../../../plugins/execution/index.ts';
import { useHealth } from '../../../plugins/health/index.ts';
import { useLimits } from '../../../plugins/limits/index.ts';
import { useOperationProfiles } from '../../../plugins/operation/index.ts';
import { connectRedis } from '../../../plugins/redis/index.ts';
import { adminFromEnvironment, useAdmin, useServer } from '../../../plugins/server/index.ts';
import { useSubscriptions, webSocketUpstream } from '../../../plugins/subscriptions/index.ts';
import { useTelemetry } from '../../../plugins/telemetry/index.ts';
import { useUpstream } from '../../../plugins/upstream/index.ts';

// All that the page shows, with something in each of it: everything may be kept, and callers have limits.

const { env } = process;
const subgraphs = subgraphsFromEnvironment(env) ?? [];
const redis = connectRedis({ url: undefined });
const supergraph = composeSubgraphs({ subgraphs, redis, directory: env.GATEHOUSE_DIR, pollInterval: 300 });
const upstream = useUpstream();

export const gatewayConfig = defineConfig({
  supergraph,
  unifiedGraphHandler: planningEngine,
  __experimental__batchExecution: false,
  disableWebsockets: true,
  plugins: ({ log }) => {
    const telemetry = useTelemetry({ operationNames: true, redis, log });
    const health = useHealth({ supergraph, subgraphs, redis, upstream });
    const server = useServer({ log });
    const limits = useLimits({
      store: redis,
      policies: [
        { name: 'all', scope: 'address', capacity: 100_000, refillPerSecond: 1 },
        { name: 'few', scope: 'address', capacity: 3, refillPerSecond: 0.001, match: { operationName: 'Few' } },
      ],
    });
    const subscriptions = useSubscriptions({ upstream: webSocketUpstream({ path: '/graphql' }), log });
    const caching = useCaching({ store: redis, defaultMaxAge: 2, log });
    const status = {
      health: health.status,
      supergraph: supergraph.status,
      reloads: supergraph.reloads,
      cache: caching.status,
      limits: limits.status,
      subscriptions: subscriptions.status,
      server: server.status,
      telemetry: telemetry.status,
    };
    return [
      useAdmin({ ...adminFromEnvironment(env), status, log }),
      health,
      useAccounts(),
      telemetry,
      server,
      useOperationProfiles(),
      limits,
      useComposition(supergraph),
      subscriptions,
      upstream,
      caching,
    ];
  },
});
