import { defineConfig } from '@graphql-hive/gateway';
import { generateRequestId, useAccounts } from '../../plugins/account/index.ts';
import { auditFromEnvironment, otlpSink, redisStreamSink, stdoutSink, useAudit } from '../../plugins/audit/index.ts';
import {
  apiKeysFromEnvironment,
  introspectionFromEnvironment,
  jwtFromEnvironment,
  useAuthentication,
} from '../../plugins/authentication/index.ts';
import { useAuthorization } from '../../plugins/authorization/index.ts';
import { useCaching } from '../../plugins/caching/index.ts';
import { useClientErrors } from '../../plugins/client-errors/index.ts';
import { composeSubgraphs, subgraphsFromEnvironment, useComposition } from '../../plugins/composition/index.ts';
import { planningEngine } from '../../plugins/execution/index.ts';
import { useHealth } from '../../plugins/health/index.ts';
import { useLimits } from '../../plugins/limits/index.ts';
import { useOperationProfiles } from '../../plugins/operation/index.ts';
import { connectRedis, useRedis } from '../../plugins/redis/index.ts';
import { adminFromEnvironment, useAdmin, useServer } from '../../plugins/server/index.ts';
import { useSubscriptions, webSocketUpstream } from '../../plugins/subscriptions/index.ts';
import { telemetryFromEnvironment, useTelemetry } from '../../plugins/telemetry/index.ts';
import { useUpstream } from '../../plugins/upstream/index.ts';

// All of Gatehouse, with the telemetry and the audit log that a test asks for: TELEMETRY and AUDIT, JSON objects of
// options. With AUDIT_FILE, records go to every kind of sink.
const { env } = process;
const subgraphs = subgraphsFromEnvironment(env) ?? [];
const redis = connectRedis({ url: env.REDIS_URL });
const supergraph = composeSubgraphs({ subgraphs, redis, directory: env.GATEHOUSE_DIR, pollInterval: 300 });
const upstream = useUpstream({ timeout: 1_000, retries: 1 });

export const gatewayConfig = defineConfig({
  supergraph,
  unifiedGraphHandler: planningEngine,
  __experimental__batchExecution: false,
  disableWebsockets: true,
  requestId: { generateRequestId },
  plugins: ({ log }) => {
    const options = JSON.parse(env.TELEMETRY ?? '{}') as object;
    const telemetry = useTelemetry({ ...telemetryFromEnvironment(env), redis, ...options, log });
    const { sinks = [], ...usual } = auditFromEnvironment(env, log);
    const all = sinks.length > 0 ? [...sinks, stdoutSink(), redisStreamSink({ store: redis }), otlpSink()] : [];
    const audit = useAudit({ ...usual, sinks: all, ...(JSON.parse(env.AUDIT ?? '{}') as object), log });
    const authentication = useAuthentication({
      methods: [
        jwtFromEnvironment(env, log),
        apiKeysFromEnvironment(env, redis, log),
        introspectionFromEnvironment(env, log),
      ],
      anonymous: 'allow',
      schemaIntrospection: 'allow',
      log,
    });
    return [
      useRedis(redis, log),
      useAdmin({
        ...adminFromEnvironment(env),
        status: { telemetry: telemetry.status, audit: audit.status },
        pages: { '/metrics': telemetry.page },
        log,
      }),
      useHealth({ supergraph, subgraphs, redis, upstream }),
      useAccounts(),
      telemetry,
      audit,
      useServer({ authentication, frontDoor: true, log }),
      authentication,
      useOperationProfiles(),
      useLimits({ store: redis, operation: { depth: 6 }, log }),
      useAuthorization({ log }),
      useComposition(supergraph, {}),
      useSubscriptions({ upstream: webSocketUpstream({ path: '/graphql' }), direct: true, log }),
      upstream,
      useCaching({ store: redis, log }),
      useClientErrors(),
    ];
  },
});
