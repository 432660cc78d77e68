import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, startRedis, type RedisServer } from '../harness/redis.ts';
import { redisCli } from './redis-cli.ts';

const FORMED_DEADLINE_MS = 20_000;
const SLOTS = 16_384;
const MASTERS = 3;

/** Three masters without replicas, serving all slots. */
export async function startCluster(): Promise<{ url: string; nodes: RedisServer[]; close: () => Promise<void> }> {
  const nodes: RedisServer[] = [];
  const close = async (): Promise<void> => void (await Promise.all(nodes.map((node) => node.close())));
  try {
    for (let i = 0; i < MASTERS; i++) {
      const bus = await freePort();
      const options = ['--cluster-enabled', 'yes', '--cluster-port', String(bus), '--cluster-node-timeout', '1000'];
      const node = await startRedis(options);
      nodes.push(node);
      const [from, to] = [i, i + 1].map((n) => Math.floor((SLOTS * n) / MASTERS)) as [number, number];
      await redisCli(node.port, 'CLUSTER', 'ADDSLOTSRANGE', String(from), String(to - 1));
      await redisCli(node.port, 'CLUSTER', 'SET-CONFIG-EPOCH', String(i + 1));
      const first = nodes[0] ?? node;
      if (first !== node) await redisCli(first.port, 'CLUSTER', 'MEET', '127.0.0.1', String(node.port), String(bus));
    }
    for (const { port } of nodes) {
      await until(async () => {
        const info = await redisCli(port, 'CLUSTER', 'INFO');
        return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${MASTERS}`);
      });
    }
    const url = `redis+cluster://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`;
    return { url, nodes, close };
  } catch (error) {
    await close();
    throw error;
  }
}

export interface Sentinels {
  readonly url: string;
  readonly master: RedisServer;
  readonly replica: RedisServer;
  close(): Promise<void>;
}

/** A master with one replica and one sentinel, which alone decides on a failover after half a second. */
export async function startSentinels(): Promise<Sentinels> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-sentinel-'));
  const started: RedisServer[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(started.map((server) => server.close()));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const master = await startRedis(['--repl-diskless-sync-delay', '0']);
    started.push(master);
    const replica = await startRedis(['--replicaof', '127.0.0.1', String(master.port)]);
    started.push(replica);
    await until(async () => (await redisCli(replica.port, 'INFO', 'replication')).includes('master_link_status:up'));

    const file = join(folder, 'sentinel.conf');
    const settings = ['down-after-milliseconds main 500', 'failover-timeout main 2000'];
    const monitor = `monitor main 127.0.0.1 ${master.port} 1`;
    await writeFile(file, [monitor, ...settings].map((line) => `sentinel ${line}\n`).join(''));
    const sentinel = await startRedis([file, '--sentinel']);
    started.push(sentinel);
    await until(async () =>
      (await redisCli(sentinel.port, 'SENTINEL', 'REPLICAS', 'main')).includes(String(replica.port)),
    );
    return { url: `redis+sentinel://127.0.0.1:${sentinel.port}/main`, master, replica, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + FORMED_DEADLINE_MS;
  while (!(await condition())) {
    if (Date.now() > deadline)
      throw new Error(`The Redis servers did not find together within ${FORMED_DEADLINE_MS} ms.`);
    await sleep(20);
  }
}
