import { Redis } from 'ioredis';
import { connectRedis, type SharedStore } from '../../../../plugins/redis/index.ts';
import { sharedUpstream, type SharedOptions } from '../../../../plugins/subscriptions/upstream/shared/index.ts';
import type { Upstream } from '../../../../plugins/subscriptions/upstream/upstream.ts';
import { webSocketUpstream } from '../../../../plugins/subscriptions/upstream/web-socket.ts';
import { startRedis, type RedisServer } from '../../../harness/redis.ts';
import { until } from '../../../harness/until.ts';
import { startLiveSubgraph, type LiveSubgraph } from '../live-subgraph.ts';

/** Long enough that a busy machine does not lose a lease, in ms. */
export const LEASE = 1_000;
/** A command timeout for machines that are busy with other tests. */
const PATIENT_MS = 1_000;
const SILENT = { info() {}, warn() {}, error() {} };

type MemberOptions = Partial<SharedOptions<Upstream>> & { readonly commandTimeoutMs?: number };

/** A gateway as far as subscriptions go, with connections of its own. */
export interface Member {
  readonly upstream: Upstream;
  readonly store: SharedStore;
}

/** A Redis, a subgraph, and gateways that share them. */
export interface House extends AsyncDisposable {
  readonly redis: RedisServer;
  readonly subgraph: LiveSubgraph;
  /** For the test's own commands. */
  readonly client: Redis;
  member(options?: MemberOptions): Member;
  /** Closes all gateways, and resolves when nothing of them is left: in Redis, at the subgraph, and here. */
  emptied(): Promise<void>;
}

export async function openHouse(): Promise<House> {
  const [redis, subgraph] = await Promise.all([startRedis(), startLiveSubgraph()]);
  const client = new Redis(redis.url);
  client.on('error', () => {});
  const members: Member[] = [];

  async function closeMembers(): Promise<void> {
    await Promise.all(members.map(({ upstream }) => upstream.close()));
  }

  return {
    redis,
    subgraph,
    client,
    member({ commandTimeoutMs = PATIENT_MS, ...options } = {}) {
      const store = options.store ?? connectRedis({ url: redis.url, commandTimeoutMs, log: SILENT });
      const wrapped = webSocketUpstream({ idleClose: 0 });
      const upstream = sharedUpstream<Upstream>({ upstream: wrapped, lease: LEASE, ...options, store });
      const member = { upstream, store };
      members.push(member);
      return member;
    },
    async emptied() {
      await closeMembers();
      for (const { upstream } of members) {
        const { connections, subscriptions } = upstream.status();
        if (connections + subscriptions > 0) throw new Error(`${connections} connections, ${subscriptions} open`);
      }
      await nothingLeft(client, subgraph);
    },
    async [Symbol.asyncDispose]() {
      await closeMembers();
      await Promise.all(members.map(({ store }) => store.close()));
      client.disconnect();
      await Promise.all([redis.close(), subgraph[Symbol.asyncDispose]()]);
    },
  };
}

/** Resolves when no lease, channel or connection of a subscription is left. */
export async function nothingLeft(client: Redis, subgraph: LiveSubgraph): Promise<void> {
  const leases = await client.keys('*');
  if (leases.length > 0) throw new Error(`${leases.length} leases are left`);
  await until('the channels to be left', async () => {
    const channels = (await client.pubsub('CHANNELS')) as string[];
    return channels.length === 0;
  });
  await until('the sockets to close', () => subgraph.sockets.size === 0);
}
