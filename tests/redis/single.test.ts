import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { connectRedis, StoreUnavailableError, type SharedStore } from '../../plugins/redis/index.ts';
import { freePort, startRedis, type RedisServer } from '../harness/redis.ts';
import { storeContract } from './contract.ts';
import { levels, recordingLogger } from './recording-logger.ts';
import { redisCli } from './redis-cli.ts';

const WAIT = { timeout: 15_000, interval: 10 };
/** A command timeout for machines that are busy with other tests. */
const PATIENT_MS = 1000;

storeContract('one Redis', async () => {
  const server = await startRedis();
  const { log } = recordingLogger();
  const open = (): SharedStore => connectRedis({ url: server.url, commandTimeoutMs: PATIENT_MS, log });
  const [one, other] = [open(), open()];
  return {
    one,
    other,
    open,
    flushScripts: async () => void (await redisCli(server.port, 'SCRIPT', 'FLUSH')),
    async close() {
      await Promise.all([one.close(), other.close()]);
      await server.close();
    },
  };
});

it('closing is not logged as an outage, whatever is under way', async () => {
  const server = await startRedis();
  const { log, lines } = recordingLogger();
  const store = connectRedis({ url: server.url, log });
  const witness = connectRedis({ url: server.url, log: recordingLogger().log });
  onTestFinished(async () => {
    await witness.close();
    await server.close();
  });
  for (const opened of [store, witness]) {
    await opened.subscribe('old', () => {});
    await opened.get('k');
  }
  server.pause();
  const underWay = [store.subscribe('new', () => {}), store.get('k').catch(() => {})];
  const closed = store.close();
  await server.kill();
  await Promise.all([closed, ...underWay]);
  await expect
    .poll(() => witness.status(), WAIT)
    .toMatchObject({ error: expect.stringMatching(/; subscriptions: /) as string });
  expect(levels(lines())).toEqual(['info']);
});

describe('a Redis that asks for credentials', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis(['--user', 'app', 'on', '>s3cr:t/', '~*', '&*', '+@all', '--requirepass', 'other']);
  });
  afterAll(() => server.close());

  it('is used with those of the URL, in its database', async () => {
    const zero = connectRedis({ url: `redis://app:s3cr%3At%2F@127.0.0.1:${server.port}` });
    const three = connectRedis({ url: `redis://:other@127.0.0.1:${server.port}/3` });
    onTestFinished(() => Promise.all([zero.close(), three.close()]).then(() => {}));
    await three.set('k', 'in three');
    expect(await zero.get('k')).toBeNull();
    expect(await three.get('k')).toBe('in three');
  });

  it('is down with wrong ones, and no log line or error holds them', async () => {
    const { log, lines } = recordingLogger();
    const store = connectRedis({ url: `redis://app:hunter2@127.0.0.1:${server.port}`, log });
    onTestFinished(() => store.close());
    const error = await store.get('k').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(String(error)).toMatch(/Redis is down: .*WRONGPASS/);
    expect(lines()).toEqual([expect.stringContaining('WRONGPASS')]);
    const everything = JSON.stringify([lines(), store.status(), Object.entries(error as Error), String(error)]);
    expect(everything).not.toContain('hunter2');
  });

  it('is down without any', async () => {
    const store = connectRedis({ url: `redis://127.0.0.1:${server.port}`, log: recordingLogger().log });
    onTestFinished(() => store.close());
    await expect(store.set('k', 'v')).rejects.toThrow('NOAUTH');
    expect(store.status()).toMatchObject({ status: 'down', error: expect.stringContaining('NOAUTH') as string });
  });

  it('and refuses one of many values says so in the error, without its arguments', async () => {
    const user = ['ACL', 'SETUSER', 'narrow', 'on', '>narrow', '~open:*', '+@all'];
    await redisCli(server.port, '-a', 'other', '--no-auth-warning', ...user);
    const store = connectRedis({ url: `redis://narrow:narrow@127.0.0.1:${server.port}` });
    onTestFinished(() => store.close());
    const values = ['open:a', 'private:b'].map((key) => ({ key, value: Buffer.from('hush'), ttlMs: 1000 }));
    const error = await store.setMany(values).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(String(error)).toMatch(/SET failed: NOPERM/);
    expect(JSON.stringify([Object.entries(error as Error), String(error)])).not.toMatch(/private|hush/);
  });

  it('and refuses a command says so in the error, without its arguments', async () => {
    await redisCli(server.port, '-a', 'other', '--no-auth-warning', 'LPUSH', 'private', '1');
    const store = connectRedis({ url: `redis://:other@127.0.0.1:${server.port}` });
    onTestFinished(() => store.close());
    const error = await store.get('private').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(String(error)).toMatch(/GET failed: WRONGTYPE/);
    expect(JSON.stringify([Object.entries(error as Error), String(error)])).not.toContain('private');
  });
});

it('a database that Redis does not have is down, and nothing goes to another one', async () => {
  const server = await startRedis();
  const store = connectRedis({ url: `${server.url}/99`, log: recordingLogger().log });
  onTestFinished(async () => {
    await store.close();
    await server.close();
  });
  await expect(store.set('k', 'v')).rejects.toThrow('DB index is out of range');
  // The handshake ends with INFO; only then could it be taken for ready.
  await expect.poll(() => redisCli(server.port, 'CLIENT', 'LIST'), WAIT).toMatch(/name=gatehouse .* cmd=info/);
  await expect(store.set('k', 'v')).rejects.toThrow('DB index is out of range');
  expect(store.status()).toMatchObject({ error: expect.stringContaining('DB index is out of range') as string });
});

it('a master that became a replica is left for a new connection, which finds it a master again', async () => {
  const [server, master] = await Promise.all([startRedis(), startRedis()]);
  const store = connectRedis({ url: server.url, log: recordingLogger().log });
  onTestFinished(async () => {
    await store.close();
    await Promise.all([server.close(), master.close()]);
  });
  await store.set('k', 'v');
  await redisCli(server.port, 'REPLICAOF', '127.0.0.1', String(master.port));
  const before = await clientAddresses(server.port);
  await expect(store.set('k', 'v')).rejects.toThrow(/READONLY/);
  await expect
    .poll(async () => (await clientAddresses(server.port)).some((address) => before.includes(address)), WAIT)
    .toBe(false);
  await redisCli(server.port, 'REPLICAOF', 'NO', 'ONE');
  await expect.poll(() => store.set('k', 'v').catch(String), WAIT).toBeUndefined();
});

it('an unreachable host is down too', async () => {
  const store = connectRedis({ url: `redis://127.0.0.1:${await freePort()}`, log: recordingLogger().log });
  onTestFinished(() => store.close());
  expect(store.status()).toEqual({ status: 'down', error: 'not connected yet' });
  await expect
    .poll(() => store.status(), WAIT)
    .toMatchObject({ error: expect.stringContaining('ECONNREFUSED') as string });
});

/** The connections that a store has to this server. */
async function clientAddresses(port: number): Promise<string[]> {
  const clients = (await redisCli(port, 'CLIENT', 'LIST'))
    .split('\n')
    .filter((line) => line.includes('name=gatehouse '));
  return clients.map((line) => / addr=(\S+)/.exec(line)?.[1] ?? '');
}
