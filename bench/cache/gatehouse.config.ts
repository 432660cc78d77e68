import { defineConfig } from '@graphql-hive/gateway';
import { jwtFromEnvironment, useAuthentication } from '../../plugins/authentication/index.ts';
import { useAuthorization } from '../../plugins/authorization/index.ts';
import { useCaching } from '../../plugins/caching/index.ts';
import { composeSubgraphs, subgraphsFromEnvironment, useComposition } from '../../plugins/composition/index.ts';
import { planningEngine } from '../../plugins/execution/index.ts';
import { useHealth } from '../../plugins/health/index.ts';
import { useLimits } from '../../plugins/limits/index.ts';
import { useOperationProfiles } from '../../plugins/operation/index.ts';
import { connectRedis, useRedis } from '../../plugins/redis/index.ts';
import { adminFromEnvironment, useAdmin, useServer } from '../../plugins/server/index.ts';
import { useUpstream } from '../../plugins/upstream/index.ts';

// With authentication and limits, and with the cache that `CACHE` says: whole responses and entities, entities alone,
// or none.

const { env } = process;
const subgraphs = subgraphsFromEnvironment(env) ?? [];
const supergraph = composeSubgraphs({ subgraphs, pollInterval: 0, directory: env.STATE_DIRECTORY });
// The machine may be busy: what is late counts as missing, and something else would be measured.
const timeout = 2_000;
const redis = connectRedis({ url: env.REDIS_URL, commandTimeoutMs: timeout });

export const gatewayConfig = defineConfig({
  supergraph,
  unifiedGraphHandler: planningEngine,
  __experimental__batchExecution: false,
  disableWebsockets: true,
  plugins: ({ log }) => {
    const authentication = useAuthentication({ methods: [jwtFromEnvironment(env, log)], log });
    const limits = useLimits({
      store: redis,
      policies: [{ name: 'all', capacity: 1e9, refillPerSecond: 1e6 }],
      leases: {},
      timeout,
      log,
    });
    const server = useServer({ authentication, frontDoor: env.FRONT_DOOR === 'on' });
    const caching =
      env.CACHE === 'off'
        ? undefined
        : useCaching({
            store: redis,
            defaultMaxAge: 600,
            responses: env.CACHE === 'all',
            timeout,
            ...(env.MAX_BYTES && { maxBytes: Number(env.MAX_BYTES) }),
            log,
          });
    return [
      useAdmin({
        ...adminFromEnvironment(env),
        status: { server: server.status, ...(caching && { cache: caching.status }) },
        log,
      }),
      useHealth({ supergraph, subgraphs, redis }),
      server,
      authentication,
      useOperationProfiles(),
      limits,
      useAuthorization({ log }),
      useComposition(supergraph),
      useUpstream(),
      ...(caching ? [caching] : []),
      useRedis(redis, log),
    ];
  },
});
