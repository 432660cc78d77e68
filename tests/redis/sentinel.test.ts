import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { connectRedis, type SharedStore } from '../../plugins/redis/index.ts';
import { storeContract } from './contract.ts';
import { recordingLogger } from './recording-logger.ts';
import { redisCli } from './redis-cli.ts';
import { startSentinels, type Sentinels } from './topologies.ts';

const WAIT = { timeout: 15_000, interval: 20 };
/** A command timeout for machines that are busy with other tests. */
const PATIENT_MS = 1000;

let sentinels: Sentinels;
beforeAll(async () => {
  sentinels = await startSentinels();
});
afterAll(() => sentinels?.close());

function open(): SharedStore {
  return connectRedis({ url: sentinels.url, commandTimeoutMs: PATIENT_MS, log: recordingLogger().log });
}

storeContract('Redis behind Sentinel', async () => {
  const [one, other] = [open(), open()];
  const close = async (): Promise<void> => void (await Promise.all([one.close(), other.close()]));
  const flushScripts = async (): Promise<void> => void (await redisCli(sentinels.master.port, 'SCRIPT', 'FLUSH'));
  return { one, other, open, flushScripts, close };
});

it('after a failover the new master is used, for subscriptions too', async () => {
  const store = open();
  onTestFinished(() => store.close());
  const heard = vi.fn();
  const onReconnect = vi.fn();
  await store.subscribe('news', heard, onReconnect);
  await store.set('k', 'before');
  await sentinels.master.kill();
  await expect.poll(() => store.status().status, WAIT).toBe('down');
  await expect.poll(() => store.set('k', 'after').catch(String), WAIT).toBeUndefined();
  await expect.poll(() => onReconnect.mock.calls.length, WAIT).toBeGreaterThan(0);
  await store.publish('news', 'x');
  await expect.poll(() => heard.mock.calls, WAIT).toEqual([['x']]);
});

it('sentinels that cannot be reached are down soon, and do not keep it from closing', async () => {
  const store = connectRedis({ url: 'redis+sentinel://127.0.0.1:1,127.0.0.1:2/main', log: recordingLogger().log });
  await expect(store.get('k')).rejects.toThrow(/Redis is down: All sentinels are unreachable/);
  await store.subscribe('news', () => {});
  await store.close();
});
