import { defineConfig } from '@graphql-hive/gateway';
import { jwtFromEnvironment, useAuthentication } from '../../../plugins/authentication/index.ts';
import { useAuthorization } from '../../../plugins/authorization/index.ts';
import { useCaching, type CachingOptions } from '../../../plugins/caching/index.ts';
import { composeSubgraphs, subgraphsFromEnvironment, useComposition } from '../../../plugins/composition/index.ts';
import { planningEngine } from '../../../plugins/execution/index.ts';
import { useHealth } from '../../../plugins/health/index.ts';
import { useOperationProfiles } from '../../../plugins/operation/index.ts';
import { connectRedis } from '../../../plugins/redis/index.ts';
import { useUpstream } from '../../../plugins/upstream/index.ts';

// The gateway with options of the cache that a test chooses: CACHING is JSON.

const { env } = process;
const subgraphs = subgraphsFromEnvironment(env) ?? [];
const redis = connectRedis({ url: env.REDIS_URL });
const supergraph = composeSubgraphs({ subgraphs, redis, directory: env.GATEHOUSE_DIR, pollInterval: 300 });
const chosen = JSON.parse(env.CACHING ?? '{}') as Partial<CachingOptions>;
const upstream = useUpstream({
  forwardHeaders: chosen.vary ?? [],
  retries: 0,
});

export const gatewayConfig = defineConfig({
  supergraph,
  unifiedGraphHandler: planningEngine,
  __experimental__batchExecution: false,
  plugins: ({ log }) => [
    useHealth({ supergraph, subgraphs, redis, upstream }),
    useAuthentication({ methods: [jwtFromEnvironment(env, log)], anonymous: 'allow', schemaIntrospection: 'allow' }),
    useOperationProfiles(),
    useAuthorization({}),
    useComposition(supergraph),
    upstream,
    useCaching({ store: redis, log, ...chosen }),
  ],
});
