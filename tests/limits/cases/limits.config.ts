import { defineConfig } from '@graphql-hive/gateway';
import {
  apiKeysFromEnvironment,
  jwtFromEnvironment,
  useAuthentication,
} from '../../../plugins/authentication/index.ts';
import { composeSubgraphs, subgraphsFromEnvironment, useComposition } from '../../../plugins/composition/index.ts';
import { planningEngine } from '../../../plugins/execution/index.ts';
import { useHealth } from '../../../plugins/health/index.ts';
import { useLimits, type LimitsOptions } from '../../../plugins/limits/index.ts';
import { useOperationProfiles } from '../../../plugins/operation/index.ts';
import { connectRedis, useRedis } from '../../../plugins/redis/index.ts';
import { useServer } from '../../../plugins/server/index.ts';
import { useUpstream } from '../../../plugins/upstream/index.ts';

// The gateway with the limits that a test gives it: `LIMITS` holds them as JSON.

const { env } = process;
const redis = connectRedis({ url: env.REDIS_URL });
const subgraphs = subgraphsFromEnvironment(env) ?? [];
const supergraph = composeSubgraphs({ subgraphs, redis, pollInterval: 0, directory: env.GATEHOUSE_DIR });
const given = JSON.parse(env.LIMITS ?? '{}') as Omit<LimitsOptions, 'store'>;

export const gatewayConfig = defineConfig({
  supergraph,
  unifiedGraphHandler: planningEngine,
  __experimental__batchExecution: false,
  batching: true,
  transportEntries: { '*.http': { options: { subscriptions: { kind: 'ws', location: '/graphql' } } } },
  disableWebsockets: true,
  plugins: ({ log }) => {
    const authentication = useAuthentication({
      methods: [jwtFromEnvironment(env, log), apiKeysFromEnvironment(env, redis, log)],
      anonymous: 'allow',
      schemaIntrospection: 'allow',
      trustedProxies: env.TRUSTED_PROXIES?.split(',') ?? [],
      log,
    });
    return [
      useHealth({ supergraph, subgraphs, redis }),
      useServer({ authentication }),
      authentication,
      useOperationProfiles(),
      useLimits({ store: redis, log, ...given }),
      useComposition(supergraph),
      useUpstream(),
      useRedis(redis, log),
    ];
  },
});
