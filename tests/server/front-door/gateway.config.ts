import { defineConfig } from '@graphql-hive/gateway';
import { jwtFromEnvironment, useAuthentication } from '../../../plugins/authentication/index.ts';
import { useAuthorization } from '../../../plugins/authorization/index.ts';
import { useCaching } from '../../../plugins/caching/index.ts';
import { composeSubgraphs, subgraphsFromEnvironment, useComposition } from '../../../plugins/composition/index.ts';
import { planningEngine } from '../../../plugins/execution/index.ts';
import { useHealth } from '../../../plugins/health/index.ts';
import { useLimits } from '../../../plugins/limits/index.ts';
import { useOperationProfiles } from '../../../plugins/operation/index.ts';
import { connectRedis } from '../../../plugins/redis/index.ts';
import { adminFromEnvironment, useAdmin, useServer } from '../../../plugins/server/index.ts';
import { useUpstream } from '../../../plugins/upstream/index.ts';
import { webhookReceiver } from '../../../plugins/webhooks/index.ts';

// All that has a part in the front door, and everything may be kept.

const { env } = process;
const subgraphs = subgraphsFromEnvironment(env) ?? [];
const redis = connectRedis({ url: undefined });
const supergraph = composeSubgraphs({ subgraphs, redis, directory: env.GATEHOUSE_DIR, pollInterval: 300 });
const webhooks = webhookReceiver({ secret: env.WEBHOOK_SECRET ?? '', redis });
/** The front door takes no notice of it by itself. */
const forwardHeaders = ['user-agent'];
const upstream = useUpstream({ forwardHeaders });

export const gatewayConfig = defineConfig({
  supergraph,
  unifiedGraphHandler: planningEngine,
  __experimental__batchExecution: false,
  disableWebsockets: true,
  plugins: ({ log }) => {
    const authentication = useAuthentication({
      methods: [jwtFromEnvironment(env, log)],
      anonymous: 'allow',
      schemaIntrospection: 'allow',
    });
    const server = useServer({ authentication, frontDoor: true });
    const limits = useLimits({
      store: redis,
      policies: [
        { name: 'all', scope: 'global', capacity: 100_000, refillPerSecond: 1 },
        { name: 'few', scope: 'client', capacity: 5, refillPerSecond: 0.001, match: { operationName: 'Few' } },
      ],
    });
    return [
      useAdmin({ ...adminFromEnvironment(env), status: { server: server.status }, log }),
      useHealth({ supergraph, subgraphs, redis, upstream }),
      server,
      authentication,
      useOperationProfiles(),
      limits,
      useAuthorization({}),
      useComposition(supergraph),
      upstream,
      useCaching({ store: redis, defaultMaxAge: 600, vary: forwardHeaders, webhooks }),
    ];
  },
});
