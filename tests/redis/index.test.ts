import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectRedis, useRedis } from '../../plugins/redis/index.ts';
import { freePort, startRedis, type RedisServer } from '../harness/redis.ts';
import { recordingLogger } from './recording-logger.ts';
import { redisCli } from './redis-cli.ts';

const run = promisify(execFile);
const INDEX = new URL('../../plugins/redis/index.ts', import.meta.url).href;

it.each([0, -5, 2.5, Number.NaN])('commandTimeoutMs: %s is refused when the store is made', (commandTimeoutMs) => {
  expect(() => connectRedis({ commandTimeoutMs })).toThrow(/^commandTimeoutMs takes a whole number of milliseconds/);
});

it('useRedis says in the start log that state in memory serves one process', () => {
  const { log, lines } = recordingLogger();
  const plugin = useRedis(connectRedis({ url: '' }), log);
  plugin.onYogaInit?.({ yoga: {} as never });
  expect(lines()).toEqual([expect.stringContaining('No REDIS_URL: state is kept in memory')]);
});

it('useRedis closes the store with the gateway', async () => {
  const store = connectRedis();
  await useRedis(store, recordingLogger().log).onDispose?.();
  await expect(store.get('k')).rejects.toThrow('The store is closed.');
});

describe('a process', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.close());

  /** Runs a program with `connectRedis` in scope; fails when it does not end by itself. */
  async function program(text: string): Promise<string> {
    const script = `import { connectRedis } from ${JSON.stringify(INDEX)}; ${text}`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], { timeout: 15_000 });
    return stdout.trim();
  }

  it('that only makes the store connects to nothing and ends by itself', async () => {
    const connections = await redisCli(server.port, 'INFO', 'stats');
    const before = /total_connections_received:(\d+)/.exec(connections)?.[1];
    const out = await program(`connectRedis({ url: '${server.url}' }); setTimeout(() => console.log('end'), 50)`);
    expect(out).toBe('end');
    const after = /total_connections_received:(\d+)/.exec(await redisCli(server.port, 'INFO', 'stats'))?.[1];
    expect(Number(after)).toBe(Number(before) + 1); // redis-cli's own
  });

  it('ends by itself once it has closed the store', async () => {
    const use = `await store.subscribe('news', () => {}, () => {}); console.log(await store.claim('k', 1000));`;
    const out = await program(`const store = connectRedis({ url: '${server.url}' }); ${use} await store.close();`);
    expect(out).toBe('true');
  });

  it.each(['redis://127.0.0.1:PORT', 'redis+sentinel://127.0.0.1:PORT/main', 'redis+cluster://127.0.0.1:PORT'])(
    'ends by itself once it has closed a store that never connected to %s',
    async (form) => {
      const url = form.replace('PORT', String(await freePort()));
      const use = `await store.subscribe('news', () => {}); await store.get('k').catch(() => console.log('failed'));`;
      const out = await program(`const store = connectRedis({ url: '${url}' }); ${use} await store.close();`);
      expect(out).toBe('failed');
    },
  );
});
