import { describe, it, vi, type TestContext } from 'vitest';
import { connectRedis, StoreUnavailableError, type SharedStore, type StoreScript } from '../../plugins/redis/index.ts';
import { startRedis, type RedisServer } from '../harness/redis.ts';
import { levels, recordingLogger } from './recording-logger.ts';
import { soon } from './soon.ts';

const WAIT = { timeout: 15_000, interval: 10 };
/** A command timeout for machines that are busy with other tests. */
const PATIENT_MS = 1000;
const NOTHING: StoreScript<number> = { name: 'nothing', lua: 'return 0', inMemory: () => 0 };

interface OwnRedis {
  readonly server: RedisServer;
  open(options?: { commandTimeoutMs?: number }): { store: SharedStore; lines: () => string[] };
}

/** A server that the test may stop and pause, and stores of it; all of them end with the test. */
async function ownRedis(onTestFinished: TestContext['onTestFinished']): Promise<OwnRedis> {
  const server = await startRedis();
  const stores: SharedStore[] = [];
  onTestFinished(async () => {
    await server.close();
    await Promise.all(stores.map((store) => store.close()));
  });
  return {
    server,
    open(options = { commandTimeoutMs: PATIENT_MS }) {
      const { log, lines } = recordingLogger();
      const store = connectRedis({ url: server.url, log, ...options });
      stores.push(store);
      return { store, lines };
    },
  };
}

// Concurrently, as most of the time goes by with waiting for time limits of the store that no option changes.
describe.concurrent('when Redis fails', () => {
  it('a command fails soon, and later ones at once, while the server hangs; all is well when it goes on', async ({
    expect,
    onTestFinished,
  }) => {
    const { server, open } = await ownRedis(onTestFinished);
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

  it('a script fails within the shorter time that it is given, and then at once', async ({
    expect,
    onTestFinished,
  }) => {
    const { server, open } = await ownRedis(onTestFinished);
    const { store } = open();
    await store.run(NOTHING, ['k'], []);
    server.pause();
    await expect(soon(store.run(NOTHING, ['k'], [], { timeoutMs: 20 }))).rejects.toThrow(
      'Redis did not answer the script nothing within 20 ms.',
    );
    await expect.poll(() => store.status().status, WAIT).toBe('down');
    await expect(soon(store.run(NOTHING, ['k'], [], { timeoutMs: 20 }))).rejects.toThrow(/Redis is down/);
  });

  it('a script with a time of its own waits no longer than that for the first connection either', async ({
    expect,
    onTestFinished,
  }) => {
    const { server, open } = await ownRedis(onTestFinished);
    server.pause();
    const { store } = open();
    await expect(soon(store.run(NOTHING, ['k'], [], { timeoutMs: 20 }))).rejects.toThrow(/within 20 ms/);
    await expect(soon(store.run(NOTHING, ['k'], []))).rejects.toThrow(/no connection within 1000 ms/);
  });

  it('a server that hangs for long is connected to anew, and its subscriptions too', async ({
    expect,
    onTestFinished,
  }) => {
    const { server, open } = await ownRedis(onTestFinished);
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

  it('subscriptions stand again after a restart, their owners hear of it, and the status goes down and up', async ({
    expect,
    onTestFinished,
  }) => {
    const { server, open } = await ownRedis(onTestFinished);
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

  it('whoever listens hears at once that messages may be missed, and when that is over', async ({
    expect,
    onTestFinished,
  }) => {
    const { server, open } = await ownRedis(onTestFinished);
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

  it('whoever subscribes without being confirmed has heard so by then', async ({ expect, onTestFinished }) => {
    const { server, open } = await ownRedis(onTestFinished);
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

  it('whoever joins others on a channel that is lost hears so too', async ({ expect, onTestFinished }) => {
    const { server, open } = await ownRedis(onTestFinished);
    const { store } = open();
    const order: string[] = [];
    const listen = (name: string): Promise<unknown> =>
      store.subscribe(
        'news',
        () => {},
        () => void order.push(`${name} stands`),
        () => void order.push(`${name} is lost`),
      );
    await listen('first');
    await server.kill();
    await expect.poll(() => order, WAIT).toEqual(['first is lost']);
    await soon(listen('second'));
    expect(order).toEqual(['first is lost', 'second is lost']);
    await server.restart();
    await expect.poll(() => order, WAIT).toEqual(['first is lost', 'second is lost', 'first stands', 'second stands']);
  });

  it('many values fail soon, within a time of their own', async ({ expect, onTestFinished }) => {
    const { server, open } = await ownRedis(onTestFinished);
    const { store } = open();
    await store.get('x');
    server.pause();
    const values = [{ key: 'k', value: Buffer.from('v'), ttlMs: 1000 }];
    await expect(soon(store.getMany(['k'], { timeoutMs: 20 }))).rejects.toThrow(/did not answer MGET within 20 ms/);
    await expect(soon(store.setMany(values, { timeoutMs: 20 }))).rejects.toThrow(StoreUnavailableError);
  });

  it('a command under way fails, and is not sent again to the next server', async ({ expect, onTestFinished }) => {
    const { server, open } = await ownRedis(onTestFinished);
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

  it('it is up again after a restart when nobody listens any more', async ({ expect, onTestFinished }) => {
    const { server, open } = await ownRedis(onTestFinished);
    const { store } = open();
    (await store.subscribe('news', () => {}))();
    await server.kill();
    await expect
      .poll(() => store.status(), WAIT)
      .toMatchObject({ error: expect.stringContaining('; subscriptions: ') as string });
    await server.restart();
    await expect.poll(() => store.status().status, WAIT).toBe('ok');
  });

  it('who subscribes while it is down is subscribed when it is up, and hears of that', async ({
    expect,
    onTestFinished,
  }) => {
    const { server, open } = await ownRedis(onTestFinished);
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

  it('the first commands fail soon when it was never there', async ({ expect, onTestFinished }) => {
    const { server, open } = await ownRedis(onTestFinished);
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

  it('the first commands fail soon when it hangs from the start', async ({ expect, onTestFinished }) => {
    const { server, open } = await ownRedis(onTestFinished);
    server.pause();
    const { store } = open();
    await expect(soon(store.get('x'))).rejects.toThrow(/Redis is down: no connection within 1000 ms/);
    await soon(store.subscribe('news', () => {}));
    server.resume();
    await expect.poll(() => store.get('x').catch(String), WAIT).toBeNull();
  });

  it('a claim whose answer was lost can be released as soon as it is asked again', async ({
    expect,
    onTestFinished,
  }) => {
    const { server, open } = await ownRedis(onTestFinished);
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

  it('closing does not wait for it', async ({ expect, onTestFinished }) => {
    const { server, open } = await ownRedis(onTestFinished);
    const { store } = open();
    await store.subscribe('news', () => {});
    await store.get('x');
    server.pause();
    const under = expect(soon(store.get('x'))).rejects.toThrow(StoreUnavailableError);
    await soon(store.close());
    await under;
  });
});

it('a command is not late because this process was busy when its answer came', async ({ expect, onTestFinished }) => {
  const { open } = await ownRedis(onTestFinished);
  const { store } = open({});
  await store.set('k', 'v');
  const answer = store.get('k');
  const end = performance.now() + 300;
  while (performance.now() < end);
  expect(await answer).toBe('v');
});
