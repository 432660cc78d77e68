import { defineConfig } from '@graphql-hive/gateway';
import {
  composeSubgraphs,
  pollIntervalFromEnvironment,
  steppedEngine,
  subgraphsFromEnvironment,
  useComposition,
} from './plugins/composition/index.ts';
import { useHealth } from './plugins/health/index.ts';
import { connectRedis, useRedis } from './plugins/redis/index.ts';
import { webhookReceiver } from './plugins/webhooks/index.ts';

const { env } = process;

const subgraphs = subgraphsFromEnvironment(env) ?? [
  { name: 'accounts', url: 'http://127.0.0.1:4101/graphql' },
  { name: 'products', url: 'http://127.0.0.1:4102/graphql' },
  { name: 'inventory', url: 'http://127.0.0.1:4103/graphql' },
  { name: 'reviews', url: 'http://127.0.0.1:4104/graphql' },
];

const redis = connectRedis({ url: env.REDIS_URL });

const webhooks = env.WEBHOOK_SECRET ? webhookReceiver({ secret: env.WEBHOOK_SECRET, redis }) : undefined;

export const supergraph = composeSubgraphs({
  subgraphs,
  redis,
  directory: env.GATEHOUSE_DIR,
  pollInterval: pollIntervalFromEnvironment(env),
});

export const gatewayConfig = defineConfig({
  supergraph,
  unifiedGraphHandler: steppedEngine,
  // A reload lets operations end on the schema they began with, for at most so many ms.
  gracefulSchemaReload: { drainTimeout: 30_000 },
  // Subscriptions go to the subgraphs over WebSocket.
  transportEntries: { '*.http': { options: { subscriptions: { kind: 'ws', location: '/graphql' } } } },

  // In the order in which a request meets them.
  plugins: ({ log }) => [
    useHealth({ supergraph, subgraphs, redis }),
    useComposition(supergraph, { webhooks }),
    useRedis(redis, log),
  ],
});
