import { defineConfig } from '@graphql-hive/gateway';
import {
  apiKeysFromEnvironment,
  introspectionFromEnvironment,
  jwtFromEnvironment,
  useAuthentication,
} from '../../../plugins/authentication/index.ts';
import { composeSubgraphs, subgraphsFromEnvironment, useComposition } from '../../../plugins/composition/index.ts';
import { planningEngine } from '../../../plugins/execution/index.ts';
import { useHealth } from '../../../plugins/health/index.ts';
import { connectRedis, useRedis } from '../../../plugins/redis/index.ts';
import { useServer } from '../../../plugins/server/index.ts';
import { useUpstream } from '../../../plugins/upstream/index.ts';
import { webhookReceiver } from '../../../plugins/webhooks/index.ts';

// The gateway with options that a test chooses: AUTHENTICATION and SERVER are JSON, and SERVER=off leaves `useServer` out.

const { env } = process;
const { AUTHENTICATION = '{}', SERVER = '{}' } = env;
const subgraphs = subgraphsFromEnvironment(env) ?? [];
const redis = connectRedis({ url: env.REDIS_URL });
const webhooks = env.WEBHOOK_SECRET ? webhookReceiver({ secret: env.WEBHOOK_SECRET, redis }) : undefined;
const supergraph = composeSubgraphs({ subgraphs, redis, directory: env.GATEHOUSE_DIR });
const upstream = useUpstream({ principal: { signingKey: env.PRINCIPAL_SIGNING_KEY ?? '' } });

export const gatewayConfig = defineConfig({
  supergraph,
  unifiedGraphHandler: planningEngine,
  __experimental__batchExecution: false,
  transportEntries: { '*.http': { options: { subscriptions: { kind: 'ws', location: '/graphql' } } } },
  disableWebsockets: SERVER !== 'off',
  plugins: ({ log }) => {
    const methods = [
      jwtFromEnvironment(env, log),
      apiKeysFromEnvironment(env, redis, log),
      introspectionFromEnvironment(env, log),
    ];
    const authentication = useAuthentication({ methods, log, anonymous: 'allow', ...JSON.parse(AUTHENTICATION) });
    return [
      useHealth({ supergraph, subgraphs, redis, upstream }),
      ...(SERVER === 'off' ? [] : [useServer({ authentication, ...JSON.parse(SERVER) })]),
      authentication,
      useComposition(supergraph, { webhooks }),
      upstream,
      useRedis(redis, log),
    ];
  },
});
