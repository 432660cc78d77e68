import { defineConfig } from '@graphql-hive/gateway';
import { generateRequestId, useAccounts } from '../../plugins/account/index.ts';
import {
  auditFromEnvironment,
  fileSink,
  otlpSink,
  redisStreamSink,
  stdoutSink,
  useAudit,
  type AuditOptions,
  type AuditSink,
} from '../../plugins/audit/index.ts';
import { apiKeysFromEnvironment, useAuthentication } from '../../plugins/authentication/index.ts';
import { useAuthorization } from '../../plugins/authorization/index.ts';
import { useCaching } from '../../plugins/caching/index.ts';
import { composeSubgraphs, subgraphsFromEnvironment, useComposition } from '../../plugins/composition/index.ts';
import { planningEngine } from '../../plugins/execution/index.ts';
import { useHealth } from '../../plugins/health/index.ts';
import { useLimits, type LimitsOptions } from '../../plugins/limits/index.ts';
import { useOperationProfiles } from '../../plugins/operation/index.ts';
import { connectRedis, useRedis } from '../../plugins/redis/index.ts';
import { adminFromEnvironment, useAdmin, useServer } from '../../plugins/server/index.ts';
import { useSubscriptions, webSocketUpstream } from '../../plugins/subscriptions/index.ts';
import { useUpstream } from '../../plugins/upstream/index.ts';

// The gateway with options that a test chooses: AUDIT, FILE and LIMITS are JSON; SINKS are the names of others beside
// the file, which is there with AUDIT_FILE.

const { env } = process;
const { AUDIT = '{}', FILE = '{}', LIMITS = '{}', SINKS = '' } = env;
const subgraphs = subgraphsFromEnvironment(env) ?? [];
const redis = connectRedis({ url: env.REDIS_URL });
const supergraph = composeSubgraphs({
  subgraphs,
  redis,
  directory: env.GATEHOUSE_DIR,
  pollInterval: Number(env.COMPOSITION_POLL_INTERVAL),
});
const calls = useUpstream();

const BY_NAME: Readonly<Record<string, () => AuditSink>> = {
  stdout: stdoutSink,
  otlp: () => otlpSink(),
  redis: () => redisStreamSink({ store: connectRedis({ url: env.AUDIT_REDIS_URL }) }),
};

export const gatewayConfig = defineConfig({
  supergraph,
  unifiedGraphHandler: planningEngine,
  __experimental__batchExecution: false,
  requestId: { generateRequestId },
  batching: { limit: 5 },
  disableWebsockets: true,
  plugins: ({ log }) => {
    const usual = auditFromEnvironment(env, log);
    const file = env.FILE
      ? fileSink({ path: env.AUDIT_FILE ?? '', signingKey: env.AUDIT_SIGNING_KEY, ...(JSON.parse(FILE) as object) })
      : undefined;
    const authentication = useAuthentication({
      methods: [apiKeysFromEnvironment(env, redis, log)],
      anonymous: 'allow',
      schemaIntrospection: 'allow',
      log,
    });
    const audit = useAudit({
      ...usual,
      clientNames: true,
      ...(JSON.parse(AUDIT) as AuditOptions),
      sinks: [...(file ? [file] : (usual.sinks ?? [])), ...SINKS.split(',').flatMap((name) => BY_NAME[name]?.() ?? [])],
      addressOf: authentication.addressOf,
      log,
    });
    return [
      useAdmin({ ...adminFromEnvironment(env), status: { audit: audit.status }, log }),
      useHealth({ supergraph, subgraphs, redis, upstream: calls }),
      useAccounts(),
      audit,
      useServer({ authentication, frontDoor: true, log }),
      authentication,
      useOperationProfiles(),
      useLimits({ store: redis, ...(JSON.parse(LIMITS) as Omit<LimitsOptions, 'store'>), log }),
      useAuthorization({ policies: [], log }),
      useComposition(supergraph),
      useSubscriptions({ upstream: webSocketUpstream({ path: '/graphql' }), direct: true, log }),
      calls,
      useCaching({ store: redis, log }),
      useRedis(redis, log),
    ];
  },
});
