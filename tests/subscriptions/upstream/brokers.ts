import { MemPubSub, NATSPubSub, RedisPubSub, type PubSub } from '@graphql-hive/gateway';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { Redis } from 'ioredis';
import type { TopicOptions } from '../../../plugins/subscriptions/upstream/event-source.ts';
import { startRedis } from '../../harness/redis.ts';
import { startNats } from '../../harness/nats.ts';

/** A broker and the gateway's end of it. */
export interface Broker extends AsyncDisposable {
  readonly pubsub: PubSub;
  readonly onDisconnect?: NonNullable<TopicOptions['onDisconnect']>;
  /** As the broker itself counts them. */
  subscribers(topic: string): number | Promise<number>;
  /** Cuts its connections; undefined for one in the process. */
  readonly cut?: () => Promise<void>;
}

const PREFIX = 'test';

export async function memoryBroker(): Promise<Broker> {
  const pubsub = new MemPubSub();
  return {
    pubsub,
    subscribers: (topic) => ([...pubsub.subscribedTopics()].includes(topic) ? 1 : 0),
    [Symbol.asyncDispose]: async () => pubsub.dispose(),
  };
}

export async function redisBroker(): Promise<Broker> {
  const server = await startRedis();
  const [pub, sub, counting] = [new Redis(server.url), new Redis(server.url), new Redis(server.url)];
  const clients = [pub, sub, counting];
  for (const client of clients) client.on('error', () => {});
  const pubsub = new RedisPubSub({ pub, sub }, { channelPrefix: PREFIX, noQuitOnDispose: true });
  return {
    pubsub,
    onDisconnect(tell) {
      sub.on('close', tell);
      return () => sub.off('close', tell);
    },
    subscribers: async (topic) => Number((await counting.pubsub('NUMSUB', `${PREFIX}:${topic}`))[1]),
    async cut() {
      await server.restart();
      // Not before it is subscribed again: the client does that by itself.
      await counting.ping();
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.disconnect();
      await server.close();
    },
  };
}

export async function natsBroker(options: { readonly reconnect?: boolean } = {}): Promise<Broker> {
  const server = await startNats();
  const connection = await connect({ servers: `127.0.0.1:${server.port}`, reconnectTimeWait: 50, ...options });
  return {
    pubsub: new NATSPubSub(connection, { subjectPrefix: PREFIX }),
    onDisconnect: (tell) => natsDisconnects(connection, tell),
    subscribers: (topic) => server.subscribers(`${PREFIX}:${topic}`),
    cut: () => (options.reconnect === false ? server.kill() : server.restart()),
    async [Symbol.asyncDispose]() {
      await connection.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

function natsDisconnects(connection: NatsConnection, tell: () => void): () => void {
  let isStopped = false;
  void (async () => {
    for await (const { type } of connection.status()) if (type === 'disconnect' && !isStopped) tell();
  })();
  return () => {
    isStopped = true;
  };
}
