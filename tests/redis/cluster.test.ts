import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { connectRedis, StoreUnavailableError, type SharedStore } from '../../plugins/redis/index.ts';
import { storeContract } from './contract.ts';
import { recordingLogger } from './recording-logger.ts';
import { redisCli } from './redis-cli.ts';
import { soon } from './soon.ts';
import { startCluster } from './topologies.ts';

const WAIT = { timeout: 15_000, interval: 20 };
/** A command timeout for machines that are busy with other tests. */
const PATIENT_MS = 1000;

let cluster: Awaited<ReturnType<typeof startCluster>>;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster?.close());

function open(): SharedStore {
  return connectRedis({ url: cluster.url, commandTimeoutMs: PATIENT_MS, log: recordingLogger().log });
}

storeContract('a Redis Cluster', async () => {
  const [one, other] = [open(), open()];
  const close = async (): Promise<void> => void (await Promise.all([one.close(), other.close()]));
  const flushScripts = async (): Promise<void> =>
    void (await Promise.all(cluster.nodes.map(({ port }) => redisCli(port, 'SCRIPT', 'FLUSH'))));
  return { one, other, open, flushScripts, close };
});

describe('when a node of the cluster fails', () => {
  it('the store is down, and up again with its subscriptions when the node is back', async () => {
    const store = open();
    onTestFinished(() => store.close());
    const onReconnect = vi.fn();
    const heard = vi.fn();
    await store.subscribe('news', heard, onReconnect);
    await store.get('x');
    expect(store.status().status).toBe('ok');

    for (const node of cluster.nodes) await node.kill();
    await expect.poll(() => store.status().status, WAIT).toBe('down');
    await expect(soon(store.get('x'))).rejects.toThrow(StoreUnavailableError);
    for (const node of cluster.nodes) await node.restart();

    await expect.poll(() => store.status().status, WAIT).toBe('ok');
    await expect.poll(() => onReconnect.mock.calls.length, WAIT).toBe(1);
    // Until the nodes have found each other again, a message may still get lost between them.
    await expect.poll(() => store.publish('news', 'x').then(() => heard.mock.calls[0], String), WAIT).toEqual(['x']);
  });

  it('no command hangs, and the store is down once the cluster has noticed', async () => {
    const store = open();
    onTestFinished(() => store.close());
    const keys = Array.from({ length: 12 }, (_, i) => `key ${i}`);
    // A node that was just started may not have heard from the others yet.
    for (const key of keys) await expect.poll(() => store.set(key, 'x').catch(String), WAIT).toBeUndefined();
    cluster.nodes[1]?.pause();
    const outcomes = await soon(Promise.allSettled(keys.map((key) => store.get(key))));
    expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['fulfilled', 'rejected']));
    await expect
      .poll(() => store.status(), WAIT)
      .toMatchObject({ error: expect.stringContaining('does not serve all its slots') as string });
    cluster.nodes[1]?.resume();
    await expect.poll(() => store.status().status, WAIT).toBe('ok');
    await expect
      .poll(() => Promise.all(keys.map((key) => store.get(key))).catch(String), WAIT)
      .toEqual(keys.map(() => 'x'));
  });
});
