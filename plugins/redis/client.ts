import { Cluster, Redis, type ClusterOptions, type RedisOptions } from 'ioredis';
import type { RedisNode, RedisTarget } from './redis-url.ts';

const CONNECT_TIMEOUT_MS = 2000;
/** How long a connection that is being closed may take over it. */
const DISCONNECT_TIMEOUT_MS = 500;
const FIRST_RETRY_MS = 50;
/** Below a second, since what Redis limits is to hold again within a second of its return. */
const LAST_RETRY_MS = 800;
/** Of one command, while the slots of a cluster move. Its deadline has usually passed by then. */
const MAX_REDIRECTIONS = 3;

/**
 * A connection that breaks ends, and with it fails at once what was under way; nothing waits or is sent again. To
 * reconnect and to subscribe again is done here, where it is known who has to hear of it.
 */
const ENDS_WHEN_BROKEN: RedisOptions = { retryStrategy: () => null, enableOfflineQueue: false };

/** The pause before the nth attempt to connect: doubling up to 0.8 s, and spread so that gateways do not come in step. */
export function retryDelay(attempt: number): number {
  const longest = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempt - 1, 10));
  return Math.round(longest * (0.5 + Math.random() / 2));
}

/** The client for commands, not yet connected. When its connection ends, it stays so until it is told to connect. */
export function openCommandClient(target: RedisTarget): Redis | Cluster {
  if (target.mode !== 'cluster') return new Redis(connectionOptions(target));
  const options: ClusterOptions = {
    lazyConnect: true,
    clusterRetryStrategy: () => null,
    maxRedirections: MAX_REDIRECTIONS,
    // A certificate is for the name of a node, so the name is not to be replaced by its address.
    dnsLookup: (host, found) => found(null, host),
    redisOptions: accessOptions(target),
  };
  return new Cluster([...target.seeds], options);
}

/**
 * One connection for subscriptions, not yet connected. When it ends, the next one may go to another node.
 *
 * @param known the nodes of a cluster, as far as they have been learned
 */
export function openSubscriber(target: RedisTarget, known: readonly RedisNode[]): Redis {
  // Channels are the same in all databases.
  if (target.mode !== 'cluster') return new Redis({ ...connectionOptions(target), db: 0 });
  const nodes = known.length > 0 ? known : target.seeds;
  // Any node will do: a cluster passes every message to all of them.
  const node = nodes[Math.floor(Math.random() * nodes.length)];
  return new Redis({ ...accessOptions(target), ...ENDS_WHEN_BROKEN, ...node });
}

function connectionOptions(target: Exclude<RedisTarget, { mode: 'cluster' }>): RedisOptions {
  const options: RedisOptions = { ...accessOptions(target), ...ENDS_WHEN_BROKEN, db: target.db };
  if (target.mode === 'standalone') return { ...options, ...target.node };
  return {
    ...options,
    sentinels: [...target.sentinels],
    name: target.master,
    ...(target.tls && { enableTLSForSentinelMode: true, sentinelTLS: {} }),
  };
}

function accessOptions({ tls, credentials }: RedisTarget): RedisOptions {
  return {
    lazyConnect: true,
    connectionName: 'gatehouse',
    connectTimeout: CONNECT_TIMEOUT_MS,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    // A master that became a replica keeps its connections: looking again finds the new one.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
    ...credentials,
    ...(tls && { tls: {} }),
  };
}
