import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { connectRedis, StoreUnavailableError, type SharedStore, type StoreScript } from '../../plugins/redis/index.ts';
import { freePort, startRedis, type RedisServer } from '../harness/redis.ts';
import { storeContract } from './contract.ts';
import { recordingLogger } from './recording-logger.ts';
import { redisCli } from './redis-cli.ts';
import { soon } from './soon.ts';

const WAIT = { timeout: 15_000, interval: 10 };
/** A command timeout for machines that are busy with other tests. */
const PATIENT_MS = 1000;
const NOTHING: StoreScript<number> = { name: 'nothing', lua: 'return 0', inMemory: () => 0 };

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

describe('when Redis fails', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterEach(async () => {
    server.resume();
    await server.restart();
  });
  afterAll(() => server.close());

  function open(options: { commandTimeoutMs?: number } = { commandTimeoutMs: PATIENT_MS }): {
    store: SharedStore;
    lines: () => string[];
  } {
    const { log, lines } = recordingLogger();
    const store = connectRedis({ url: server.url, log, ...options });
    onTestFinished(() => store.close());
    return { store, lines };
  }

  it('a command fails soon, and later ones at once, while the server hangs; all is well when it goes on', async () => {
    const { store, lines } = open({});
    await store.set('before', 'x');
    server.pause();
    await expect(soon(store.get('before'))).rejects.toThrow(/did not answer GET within 100 ms/);
    await expect.poll(() => store.status(), WAIT).toEqual({ status: 'down', error: 'no answer within 500 ms' });
    await expect(soon(store.get('before'))).rejects.toThrow(/Redis is down/);
    await expect(soon(store.claim('before', 1000))).rejects.toThrow(StoreUnavailableError);

    server.resume();
    await expect.poll(() => store.status().status, WAIT).toBe('ok');
    expect(await store.get('before')).toBe('x');
    expect(levels(lines())).toEqual(['info', 'error', 'info']);
  });

  it('a script fails within the shorter time that it is given, and then at once', async () => {
    const { store } = open();
    await store.run(NOTHING, ['k'], []);
    server.pause();
    await expect(soon(store.run(NOTHING, ['k'], [], { timeoutMs: 20 }))).rejects.toThrow(
      'Redis did not answer the script nothing within 20 ms.',
    );
    await expect.poll(() => store.status().status, WAIT).toBe('down');
    await expect(soon(store.run(NOTHING, ['k'], [], { timeoutMs: 20 }))).rejects.toThrow(/Redis is down/);
  });

  it('a script with a time of its own waits no longer than that for the first connection either', async () => {
    server.pause();
    const { store } = open();
    await expect(soon(store.run(NOTHING, ['k'], [], { timeoutMs: 20 }))).rejects.toThrow(/within 20 ms/);
    await expect(soon(store.run(NOTHING, ['k'], []))).rejects.toThrow(/no connection within 1000 ms/);
  });

  it('a server that hangs for long is connected to anew, and its subscriptions too', async () => {
    const { store } = open();
    const onReconnect = vi.fn();
    const heard = vi.fn();
    await store.subscribe('news', heard, onReconnect);
    server.pause();
    await expect
      .poll(() => store.status(), WAIT)
      .toEqual({ status: 'down', error: 'the connection was closed; subscriptions: the connection was closed' });
    server.resume();
    await expect.poll(() => onReconnect.mock.calls.length, WAIT).toBe(1);
    await expect.poll(() => store.status().status, WAIT).toBe('ok');
    await store.publish('news', 'x');
    await expect.poll(() => heard.mock.calls, WAIT).toEqual([['x']]);
  });

  it('subscriptions stand again after a restart, their owners hear of it, and the status goes down and up', async () => {
    const { store, lines } = open();
    const heard = vi.fn();
    const onReconnect = vi.fn();
    const left = vi.fn();
    await store.subscribe('news', heard, onReconnect);
    const leave = await store.subscribe('gossip', left, left);
    await store.get('x');
    expect(store.status().status).toBe('ok');

    await server.kill();
    await expect.poll(() => store.status().status, WAIT).toBe('down');
    await expect(soon(store.publish('news', 'lost'))).rejects.toThrow(StoreUnavailableError);
    leave();
    await expect
      .poll(() => store.status(), WAIT)
      .toMatchObject({ error: expect.stringContaining('ECONNREFUSED') as string });
    expect(onReconnect).not.toHaveBeenCalled();

    await server.restart();
    await expect.poll(() => onReconnect.mock.calls.length, WAIT).toBe(1);
    await expect.poll(() => store.status().status, WAIT).toBe('ok');
    await store.publish('news', 'found');
    await expect.poll(() => heard.mock.calls, WAIT).toEqual([['found']]);
    expect(left).not.toHaveBeenCalled();
    expect(levels(lines())).toEqual(['info', 'error', 'info']);
  });

  it('whoever listens hears at once that messages may be missed, and when that is over', async () => {
    const { store } = open();
    const order: string[] = [];
    const onLost = (): void => void order.push('lost');
    await store.subscribe(
      'news',
      () => {},
      () => void order.push('stands'),
      onLost,
    );
    await store.get('x');
    await server.kill();
    await expect.poll(() => order, WAIT).toEqual(['lost']);
    await server.restart();
    await expect.poll(() => order, WAIT).toEqual(['lost', 'stands']);
  });

  it('whoever subscribes without being confirmed has heard so by then', async () => {
    await server.kill();
    const { store } = open();
    const order: string[] = [];
    const onLost = (): void => void order.push('lost');
    const subscribed = store.subscribe(
      'news',
      () => {},
      () => void order.push('stands'),
      onLost,
    );
    await soon(subscribed);
    expect(order).toEqual(['lost']);
    await server.restart();
    await expect.poll(() => order, WAIT).toEqual(['lost', 'stands']);
  });

  it('many values fail soon, within a time of their own', async () => {
    const { store } = open();
    await store.get('x');
    server.pause();
    const values = [{ key: 'k', value: Buffer.from('v'), ttlMs: 1000 }];
    await expect(soon(store.getMany(['k'], { timeoutMs: 20 }))).rejects.toThrow(/did not answer MGET within 20 ms/);
    await expect(soon(store.setMany(values, { timeoutMs: 20 }))).rejects.toThrow(StoreUnavailableError);
  });

  it('a command under way fails, and is not sent again to the next server', async () => {
    const { store } = open();
    await store.get('k');
    server.pause();
    const underWay = store.set('k', 'v');
    const failed = expect(soon(underWay)).rejects.toThrow(StoreUnavailableError);
    await server.kill();
    await failed;
    await server.restart();
    await expect.poll(() => store.get('k').catch(String), WAIT).toBeNull();
  });

  it('it is up again after a restart when nobody listens any more', async () => {
    const { store } = open();
    (await store.subscribe('news', () => {}))();
    await server.kill();
    await expect
      .poll(() => store.status(), WAIT)
      .toMatchObject({ error: expect.stringContaining('; subscriptions: ') as string });
    await server.restart();
    await expect.poll(() => store.status().status, WAIT).toBe('ok');
  });

  it('a command is not late because this process was busy when its answer came', async () => {
    const { store } = open({});
    await store.set('k', 'v');
    const answer = store.get('k');
    const end = performance.now() + 300;
    while (performance.now() < end);
    expect(await answer).toBe('v');
  });

  it('who subscribes while it is down is subscribed when it is up, and hears of that', async () => {
    await server.kill();
    const { store } = open();
    const heard = vi.fn();
    const onReconnect = vi.fn();
    await soon(store.subscribe('news', heard, onReconnect));
    expect(onReconnect).not.toHaveBeenCalled();
    await server.restart();
    await expect.poll(() => onReconnect.mock.calls.length, WAIT).toBe(1);
    await expect.poll(() => store.status().status, WAIT).toBe('ok');
    await store.publish('news', 'x');
    await expect.poll(() => heard.mock.calls, WAIT).toEqual([['x']]);
  });

  it('the first commands fail soon when it was never there', async () => {
    await server.kill();
    const { store, lines } = open();
    await expect(soon(store.get('x'))).rejects.toThrow(/Redis is down: .*ECONNREFUSED/);
    expect(lines()).toEqual([
      `error: Redis is down. {"address":"127.0.0.1:${server.port}","error":"connect ECONNREFUSED 127.0.0.1:${server.port}"}`,
    ]);
    await server.restart();
    await expect.poll(() => store.status().status, WAIT).toBe('ok');
    expect(await store.get('x')).toBeNull();
  });

  it('the first commands fail soon when it hangs from the start', async () => {
    server.pause();
    const { store } = open();
    await expect(soon(store.get('x'))).rejects.toThrow(/Redis is down: no connection within 1000 ms/);
    await soon(store.subscribe('news', () => {}));
    server.resume();
    await expect.poll(() => store.get('x').catch(String), WAIT).toBeNull();
  });

  it('a claim whose answer was lost can be released as soon as it is asked again', async () => {
    const { store } = open();
    const { store: neighbour } = open();
    await Promise.all([store.get('x'), neighbour.get('x')]);
    server.pause();
    const claimed = store.claim('id', 60_000, 'me').catch(() => 'unknown');
    expect(await soon(claimed)).toBe('unknown');
    const released = store.release('id', 'me').catch(() => {});
    await soon(released);
    server.resume();
    await expect.poll(() => neighbour.claim('id', 60_000).catch(String), WAIT).toBe(true);
  });

  it('closing does not wait for it', async () => {
    const { store } = open();
    await store.subscribe('news', () => {});
    await store.get('x');
    server.pause();
    const under = expect(soon(store.get('x'))).rejects.toThrow(StoreUnavailableError);
    await soon(store.close());
    await under;
  });
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

function levels(lines: readonly string[]): string[] {
  return lines.map((line) => line.split(':')[0] ?? '');
}
