import { defineConfig } from '@graphql-hive/gateway';
import {
  apiKeysFromEnvironment,
  introspectionFromEnvironment,
  jwtFromEnvironment,
  useAuthentication,
} from '../../../plugins/authentication/index.ts';
import { authzenFromEnvironment } from '../../../plugins/authorization/engines/index.ts';
import { useAuthorization } from '../../../plugins/authorization/index.ts';
import { composeSubgraphs, subgraphsFromEnvironment, useComposition } from '../../../plugins/composition/index.ts';
import { planningEngine } from '../../../plugins/execution/index.ts';
import { useHealth } from '../../../plugins/health/index.ts';
import { useOperationProfiles } from '../../../plugins/operation/index.ts';
import { connectRedis, useRedis } from '../../../plugins/redis/index.ts';
import { adminFromEnvironment, useAdmin, useServer } from '../../../plugins/server/index.ts';
import { serverSentEventsUpstream, useSubscriptions, webSocketUpstream } from '../../../plugins/subscriptions/index.ts';
import { useUpstream } from '../../../plugins/upstream/index.ts';

// The gateway with options that a test chooses: SERVER, SUBSCRIPTIONS, AUTHORIZATION and UPSTREAM_OPTIONS are JSON, and
// UPSTREAM=sse has events come over SSE.

const { env } = process;
const { SERVER = '{}', SUBSCRIPTIONS = '{}', POLICY = '{}', UPSTREAM, UPSTREAM_OPTIONS = '{}' } = env;
const subgraphs = subgraphsFromEnvironment(env) ?? [];
const redis = connectRedis({ url: env.REDIS_URL });
const supergraph = composeSubgraphs({
  subgraphs,
  redis,
  directory: env.GATEHOUSE_DIR,
  pollInterval: Number(env.COMPOSITION_POLL_INTERVAL),
});
const calls = useUpstream({
  principal: env.PRINCIPAL_SIGNING_KEY ? { signingKey: env.PRINCIPAL_SIGNING_KEY } : undefined,
});
const options = JSON.parse(UPSTREAM_OPTIONS) as object;
const engine = authzenFromEnvironment(env);

export const gatewayConfig = defineConfig({
  supergraph,
  unifiedGraphHandler: planningEngine,
  __experimental__batchExecution: false,
  gracefulSchemaReload: { drainTimeout: 5_000 },
  disableWebsockets: true,
  plugins: ({ log }) => {
    const authentication = useAuthentication({
      methods: [
        jwtFromEnvironment(env, log),
        apiKeysFromEnvironment(env, redis, log),
        introspectionFromEnvironment(env, log),
      ],
      anonymous: 'allow',
      log,
    });
    const subscriptions = useSubscriptions({
      upstream: UPSTREAM === 'sse' ? serverSentEventsUpstream(options) : webSocketUpstream(options),
      log,
      ...(JSON.parse(SUBSCRIPTIONS) as object),
    });
    const server = useServer({ authentication, log, ...(JSON.parse(SERVER) as object) });
    return [
      useAdmin({
        ...adminFromEnvironment(env),
        status: { server: server.status, subscriptions: subscriptions.status },
        log,
      }),
      useHealth({ supergraph, subgraphs, redis, upstream: calls }),
      server,
      authentication,
      useOperationProfiles(),
      useAuthorization({ policies: engine ? [{ engine, ...(JSON.parse(POLICY) as object) }] : [], log }),
      useComposition(supergraph),
      subscriptions,
      calls,
      useRedis(redis, log),
    ];
  },
});
