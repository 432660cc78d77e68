import { defineConfig } from '@graphql-hive/gateway';
import { introspectionFromEnvironment, useAuthentication } from '../../plugins/authentication/index.ts';
import { authzenFromEnvironment } from '../../plugins/authorization/engines/index.ts';
import { useAuthorization } from '../../plugins/authorization/index.ts';
import { composeSubgraphs, subgraphsFromEnvironment, useComposition } from '../../plugins/composition/index.ts';
import { planningEngine } from '../../plugins/execution/index.ts';
import { healthFromEnvironment, useHealth } from '../../plugins/health/index.ts';
import { connectRedis, useRedis } from '../../plugins/redis/index.ts';
import { adminFromEnvironment, useAdmin, useServer } from '../../plugins/server/index.ts';
import { useUpstream } from '../../plugins/upstream/index.ts';

// All that health is told of, with options that a test chooses: HEALTH is JSON.

const { env } = process;
const subgraphs = subgraphsFromEnvironment(env) ?? [];
const redis = connectRedis({ url: env.REDIS_URL });
const supergraph = composeSubgraphs({ subgraphs, pollInterval: 0, directory: env.GATEHOUSE_DIR });
const engine = authzenFromEnvironment(env);
const upstream = useUpstream({ retries: 0 });

export const gatewayConfig = defineConfig({
  supergraph,
  unifiedGraphHandler: planningEngine,
  __experimental__batchExecution: false,
  disableWebsockets: true,
  plugins: ({ log }) => {
    const authentication = useAuthentication({ methods: [introspectionFromEnvironment(env, log)], anonymous: 'allow' });
    const authorization = useAuthorization({ policies: engine ? [{ engine }] : [], log });
    const health = useHealth({
      supergraph,
      subgraphs,
      redis,
      upstream,
      authentication,
      authorization,
      ...healthFromEnvironment(env),
      ...JSON.parse(env.HEALTH ?? '{}'),
    });
    return [
      useAdmin({
        ...adminFromEnvironment(env),
        status: { health: health.status },
        pages: { '/health': health.page },
        log,
      }),
      health,
      useServer({ authentication, frontDoor: true, log }),
      authentication,
      authorization,
      useComposition(supergraph),
      upstream,
      useRedis(redis, log),
    ];
  },
});
