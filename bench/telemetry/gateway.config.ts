import { openTelemetrySetup } from '@graphql-hive/gateway/opentelemetry/setup';
import { defineConfig, type GatewayPlugin } from '@graphql-hive/gateway';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { generateRequestId, useAccounts } from '../../plugins/account/index.ts';
import { auditFromEnvironment, useAudit } from '../../plugins/audit/index.ts';
import { jwtFromEnvironment, useAuthentication } from '../../plugins/authentication/index.ts';
import { useAuthorization } from '../../plugins/authorization/index.ts';
import { useCaching } from '../../plugins/caching/index.ts';
import { composeSubgraphs, subgraphsFromEnvironment, useComposition } from '../../plugins/composition/index.ts';
import { planningEngine } from '../../plugins/execution/index.ts';
import { useHealth } from '../../plugins/health/index.ts';
import { useLimits } from '../../plugins/limits/index.ts';
import { useOperationProfiles } from '../../plugins/operation/index.ts';
import { connectRedis, useRedis } from '../../plugins/redis/index.ts';
import { useServer } from '../../plugins/server/index.ts';
import { telemetryFromEnvironment, useTelemetry } from '../../plugins/telemetry/index.ts';
import { useUpstream } from '../../plugins/upstream/index.ts';

// All of Gatehouse: without telemetry and audit (OBSERVED=off), with both (on), and with the stock gateway's own plugin
// for traces in their place (stock).
const { env } = process;
const observed = env['OBSERVED'];
const subgraphs = subgraphsFromEnvironment(env) ?? [];
const redis = connectRedis({ url: env.REDIS_URL });
const supergraph = composeSubgraphs({ subgraphs, redis, directory: env.GATEHOUSE_DIR });
const upstream = useUpstream();

if (observed === 'stock') {
  openTelemetrySetup({
    contextManager: new AsyncLocalStorageContextManager(),
    samplingRate: Number(env['OTEL_TRACES_SAMPLER_ARG']),
    traces: { exporter: new OTLPTraceExporter() },
  });
}

export const gatewayConfig = defineConfig({
  supergraph,
  unifiedGraphHandler: planningEngine,
  __experimental__batchExecution: false,
  disableWebsockets: true,
  requestId: { generateRequestId },
  ...(observed === 'stock' && { openTelemetry: { traces: true } }),
  plugins: ({ log }) => {
    const authentication = useAuthentication({ methods: [jwtFromEnvironment(env, log)], anonymous: 'allow', log });
    const observers = (): GatewayPlugin[] => [
      useAccounts(),
      useTelemetry({ ...telemetryFromEnvironment(env), operationNames: true, redis, log }),
      useAudit({ ...auditFromEnvironment(env, log), log }),
    ];
    return [
      useHealth({ supergraph, subgraphs, redis, upstream }),
      ...(observed === 'on' ? observers() : []),
      useServer({ authentication, frontDoor: true, log }),
      authentication,
      useOperationProfiles(),
      useLimits({ store: redis, log }),
      useAuthorization({ log }),
      useComposition(supergraph, {}),
      upstream,
      useCaching({ store: redis, log }),
      useRedis(redis, log),
    ];
  },
});
