import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { KeyRecordError, keyStoreFromEnvironment } from '../../../plugins/authentication/api-key/index.ts';
import { connectRedis, StoreUnavailableError } from '../../../plugins/redis/index.ts';
import { startRedis } from '../../harness/redis.ts';
import { redisCli } from '../../redis/redis-cli.ts';
import { keyStoreContract } from './key-store-contract.ts';
import { createKey, secretOf } from './keys.ts';

const log = { info: () => {}, warn: () => {}, error: () => {} };

keyStoreContract('Redis', async () => {
  const server = await startRedis();
  const connect = () => connectRedis({ url: server.url, commandTimeoutMs: 2000, log });
  const [one, other] = [connect(), connect()];
  return {
    one: keyStoreFromEnvironment({}, one),
    other: keyStoreFromEnvironment({}, other),
    damage: (id, text) => one.set(`gatehouse:api-key:${id}`, text),
    async close() {
      await Promise.all([one.close(), other.close()]);
      await server.close();
    },
  };
});

keyStoreContract('a file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-keys-'));
  const path = join(folder, 'keys.json');
  const open = () => keyStoreFromEnvironment({ GATEHOUSE_DIR: folder }, connectRedis({ log }));
  return {
    one: open(),
    other: open(),
    async damage(id, text) {
      const { keys, ...rest } = JSON.parse(await readFile(path, 'utf8'));
      await writeFile(path, JSON.stringify({ ...rest, keys: { ...keys, [id]: JSON.parse(text) } }));
    },
    close: () => rm(folder, { recursive: true }),
  };
});

it('Redis holds nothing of a key from which it could be made', async () => {
  const server = await startRedis();
  const redis = connectRedis({ url: server.url, commandTimeoutMs: 2000, log });
  onTestFinished(async () => {
    await redis.close();
    await server.close();
  });
  const { key, id } = await createKey(keyStoreFromEnvironment({}, redis));
  const names = (await redisCli(server.port, 'KEYS', '*')).split('\n').filter(Boolean);
  const values = await Promise.all(names.map((name) => redis.get(name)));
  const everything = JSON.stringify([names, values]);
  expect(names).toContain(`gatehouse:api-key:${id}`);
  expect(everything).not.toContain(secretOf(key));
  // Nothing that Redis may drop to make room.
  for (const name of names) expect(await redisCli(server.port, 'TTL', name)).toBe('-1\n');
});

it('a record in Redis that is not JSON is not as documented, and not quoted', async () => {
  const redis = connectRedis({ log });
  const store = keyStoreFromEnvironment({}, { ...redis, kind: 'redis' });
  await redis.set('gatehouse:api-key:abcdefghijkl', 'half a rec');
  await expect(store.read('abcdefghijkl')).rejects.toThrow(KeyRecordError);
  await expect(store.read('abcdefghijkl')).rejects.not.toThrow('half a rec');
});

it('a Redis that is away is no empty store', async () => {
  const redis = connectRedis({ log });
  const store = keyStoreFromEnvironment({}, { ...redis, kind: 'redis' });
  await redis.close();
  await expect(store.read('abcdefghijkl')).rejects.toThrow(StoreUnavailableError);
  await expect(store.list()).rejects.toThrow(StoreUnavailableError);
  await expect(store.revoke('abcdefghijkl', new Date())).rejects.toThrow(StoreUnavailableError);
  await expect(createKey(store)).rejects.toThrow(StoreUnavailableError);
});
