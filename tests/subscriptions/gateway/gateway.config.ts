import { defineConfig, NATSPubSub, RedisPubSub } from '@graphql-hive/gateway';
import { connect } from '@nats-io/transport-node';
import { Redis } from 'ioredis';
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
import { adminFromEnvironment, useAdmin, useServer, type AdminPage } from '../../../plugins/server/index.ts';
import {
  callbackUpstream,
  serverSentEventsUpstream,
  sharedUpstream,
  topicUpstream,
  useSubscriptions,
  webSocketUpstream,
  type SubscriptionsOptions,
  type Upstream,
} from '../../../plugins/subscriptions/index.ts';
import { useUpstream } from '../../../plugins/upstream/index.ts';

// The gateway with options that a test chooses: SERVER, SUBSCRIPTIONS and POLICY are JSON; UPSTREAM is how events come
// from subgraphs, TOPICS a broker, and with SHARED gateways share what they ask of subgraphs.

const { env } = process;
const { SERVER = '{}', SUBSCRIPTIONS = '{}', POLICY = '{}', UPSTREAM, TOPICS, SHARED } = env;
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
const engine = authzenFromEnvironment(env);

const topics = TOPICS ? await topicsOf(new URL(TOPICS)) : undefined;

function upstreamOf(kind: string | undefined): Upstream {
  if (kind === 'sse') return serverSentEventsUpstream();
  return kind === 'callback'
    ? callbackUpstream({ publicUrl: `http://127.0.0.1:${portOf(process.argv)}` })
    : webSocketUpstream();
}

function portOf(args: readonly string[]): string {
  return args[args.indexOf('--port') + 1] ?? '';
}

async function topicsOf(broker: URL): Promise<NonNullable<SubscriptionsOptions['topics']>> {
  if (broker.protocol === 'nats:') {
    return topicUpstream({
      pubsub: new NATSPubSub(await connect({ servers: broker.host }), { subjectPrefix: 'test' }),
    });
  }
  const [pub, sub] = [new Redis(broker.href), new Redis(broker.href)];
  return topicUpstream({ pubsub: new RedisPubSub({ pub, sub }, { channelPrefix: 'test' }) });
}

/** What is in use, after all that is not has been collected (`--expose-gc`). */
function memoryPage(): AdminPage {
  globalThis.gc?.();
  const { heapUsed } = process.memoryUsage();
  const handles = process.getActiveResourcesInfo().length;
  return { contentType: 'application/json', body: JSON.stringify({ heapUsed, handles }) };
}

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
      upstream: SHARED ? sharedUpstream({ upstream: upstreamOf(UPSTREAM), store: redis }) : upstreamOf(UPSTREAM),
      ...(topics && { topics }),
      direct: true,
      log,
      ...(JSON.parse(SUBSCRIPTIONS) as object),
    });
    const server = useServer({ authentication, log, ...(JSON.parse(SERVER) as object) });
    return [
      useAdmin({
        ...adminFromEnvironment(env),
        status: { server: server.status, subscriptions: subscriptions.status },
        pages: { '/memory': memoryPage },
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
