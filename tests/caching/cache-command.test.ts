import { Redis } from 'ioredis';
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readCommand } from '../../plugins/caching/command-arguments.ts';
import { cacheStats, entriesOf, type InspectedEntries } from '../../plugins/caching/store/inspect.ts';
import { CHANNEL, ENTRIES_KEY, STATE_KEY, tagKey, valueKey } from '../../plugins/caching/store/redis/keys.ts';
import { LOOKUP } from '../../plugins/caching/store/redis/scripts.ts';
import { createSeal } from '../../plugins/caching/store/redis/seal.ts';
import {
  entityTag,
  namedTag,
  subgraphTag,
  tagsToInvalidate,
  typeTag,
  UNNAMED,
  unkeyedTag,
  type Tag,
} from '../../plugins/caching/tags/tag.ts';
import { connectRedis, type SharedStore } from '../../plugins/redis/index.ts';
import { runCommand } from '../harness/command.ts';
import { freePort, startRedis, type RedisServer } from '../harness/redis.ts';
import { until } from '../harness/until.ts';
import { startCluster } from '../redis/topologies.ts';
import { LONG, openLinked, put, textOf } from './store/open-cache.ts';

let server: RedisServer;
let client: Redis;
let shared: SharedStore;
beforeAll(async () => {
  server = await startRedis();
  client = new Redis(server.url);
  shared = connectRedis({ url: server.url, commandTimeoutMs: 5_000 });
});
beforeEach(async () => {
  await client.flushall();
  // Begins an epoch: no gateway of the test hears of that later, and drops what it holds.
  await shared.run(LOOKUP, [STATE_KEY, ENTRIES_KEY], [CHANNEL]);
});
afterAll(async () => {
  await shared?.close();
  client?.disconnect();
  await server?.close();
});

const run = (args: readonly string[], env: Record<string, string> = {}) =>
  runCommand('cache', args, { REDIS_URL: server.url, ...env });

/** What a command that has to succeed prints. */
async function printed(args: readonly string[], env?: Record<string, string>): Promise<string> {
  const { code, stdout, stderr } = await run(args, env);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

async function json(args: readonly string[], env?: Record<string, string>) {
  return JSON.parse(await printed([...args, '--format', 'json'], env));
}

/** What `get` finds with these arguments, in this process: one of its own takes a quarter of a second. */
async function found(args: readonly string[], key?: string): Promise<InspectedEntries> {
  const command = readCommand(['get', ...args]);
  if (command.do !== 'get') throw new Error('These are not arguments of get.');
  const { selected, limit, values } = command;
  return entriesOf(shared, tagsToInvalidate(selected), { limit, values, seal: key ? createSeal(key) : undefined });
}

const ENTITY = ['--entity', 'Product', '--key', '{"upc":1}'];
const everyTag = [
  typeTag('Product'),
  entityTag('Product', { upc: '1' }),
  subgraphTag('products'),
  namedTag('homepage'),
] as const;

const commands = [[['invalidate', '--all']], [['get', '--type', 'Product']], [['stats']]];

/** Each way to select entries, with the tags of entries that it selects. */
const selections: readonly [args: readonly string[], tags: readonly Tag[]][] = [
  [ENTITY, [entityTag('Product', { upc: '1' }), unkeyedTag('Product', 'upc')]],
  [['--type', 'Product'], [typeTag('Product')]],
  [['--subgraph', 'products'], [subgraphTag('products')]],
  [
    ['--tag', 'homepage'],
    [namedTag('homepage'), UNNAMED],
  ],
];

describe('stats', () => {
  it('counts the entries that have not ended, and says when something was invalidated last', async () => {
    const { cache } = await openLinked(server.url);
    for (const id of ['a', 'b', 'gone']) await put(cache, id, 'x', [namedTag(id)]);
    await put(cache, 'ended', 'x', [], { ttlMs: 1 });
    const before = Date.now();
    await cache.invalidate([namedTag('gone')]);
    const after = Date.now();

    const stats = await json(['stats']);
    expect(stats).toEqual({
      entries: 2,
      lastInvalidation: { sequence: expect.any(Number), at: expect.any(String) },
      epoch: expect.stringMatching(/^\d+-[0-9a-f]{16}$/),
      nextInvalidationTakesAll: false,
      redis: { usedMemoryBytes: expect.any(Number), evictedKeys: 0 },
    });
    const at = Date.parse(stats.lastInvalidation.at);
    expect(at).toBeGreaterThanOrEqual(before - 1);
    expect(at).toBeLessThanOrEqual(after + 1);
    const used = Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
    expect(Math.abs(stats.redis.usedMemoryBytes - used)).toBeLessThan(used / 2);

    const text = await printed(['stats']);
    expect(text).toMatch(/^entries +2$/m);
    expect(text).toContain(stats.lastInvalidation.at);
    expect(text).toContain(stats.epoch);
    expect(text).toMatch(/^evicted keys +0$/m);
    expect(text).not.toContain('everything');
  });

  it('says when evicted keys make the next invalidation one of everything', async () => {
    const { cache } = await openLinked(server.url);
    await put(cache, 'a', 'x');
    await client.config('SET', 'maxmemory-policy', 'volatile-ttl');
    await client.set('next to end', 'x'.repeat(4_000_000), 'PX', 1000);
    const used = Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
    await client.config('SET', 'maxmemory', String(used - 1_000_000));
    await client.set('one more', 'x', 'PX', 60_000);
    await client.config('SET', 'maxmemory', '0');
    const stats = await json(['stats']);
    expect(stats).toMatchObject({ nextInvalidationTakesAll: true });
    expect(stats.redis.evictedKeys).toBeGreaterThan(0);
    expect(await printed(['stats'])).toContain('takes everything out');
    await cache.invalidate([namedTag('whatever')]);
    expect(await cacheStats(shared)).toMatchObject({ entries: 0, nextInvalidationTakesAll: false });
    await client.config('RESETSTAT');
  });
});

describe('get', () => {
  it('shows of each entry its tags, its times and its size', async () => {
    const { cache } = await openLinked(server.url);
    await put(cache, 'fresh', 'value', everyTag, { ttlMs: 60_000 });
    await put(cache, 'stale', 'value', [typeTag('Product')], { ttlMs: 1, staleWhileRevalidateMs: 50_000 });
    await until('some time to pass', async () => {
      const { ageMs = 0 } = (await cache.read(['fresh'])).hits.get('fresh') ?? {};
      return ageMs > 200;
    });

    const { entries, more } = await json(['get', '--type', 'Product']);
    expect(more).toBe(false);
    expect(entries).toHaveLength(2);
    const [fresh, stale] = entries;
    expect(fresh).toEqual({
      id: 'fresh',
      bytes: expect.any(Number),
      tags: everyTag,
      state: 'fresh',
      ageSeconds: expect.any(Number),
      freshForSeconds: expect.any(Number),
    });
    expect(fresh.ageSeconds).toBeGreaterThanOrEqual(0.2);
    expect(fresh.ageSeconds).toBeLessThan(30);
    expect(fresh.ageSeconds + fresh.freshForSeconds).toBeGreaterThan(53.8);
    expect(fresh.ageSeconds + fresh.freshForSeconds).toBeLessThan(60.2);
    expect(fresh.bytes).toBe(await client.strlen(valueKey('fresh')));
    expect(stale).toMatchObject({ id: 'stale', state: 'stale', freshForSeconds: 0 });

    const text = await printed(['get', '--type', 'Product']);
    expect(text).toMatch(/^fresh {2}fresh, [\d.]+ s old, fresh for 5[\d.]+ s, \d+ bytes$/m);
    expect(text).toMatch(/^stale {2}stale, [\d.]+ s old, fresh for 0 s, \d+ bytes$/m);
    expect(text).toContain(everyTag.join('  '));
    expect(text).not.toContain('value');
    expect(text).not.toContain('--limit');
  });

  it.each(selections)('%j shows the entries that this would invalidate, and no others', async (args, tags) => {
    const { cache } = await openLinked(server.url);
    for (const [i, tag] of tags.entries()) await put(cache, `concerned ${i}`, 'x', [tag]);
    // Once, though it has them all.
    await put(cache, 'concerned too', 'x', tags);
    await put(cache, 'unconcerned', 'x', [typeTag('User'), entityTag('Product', { upc: '2' }), namedTag('other')]);
    const ids = async () => (await found(args)).entries.map(({ id }) => id).toSorted();
    const concerned = tags.map((_, i) => `concerned ${i}`);
    expect(await ids()).toEqual([...concerned, 'concerned too']);
    await put(cache, 'concerned too', 'x', []);
    await cache.invalidate(tags);
    expect(await ids()).toEqual([]);
    expect(await printed(['get', ...args])).toBe('There are none.\n');
  });

  it('shows what entries hold when it is asked to, whole and harmless to a terminal', async () => {
    const { cache } = await openLinked(server.url);
    const value = JSON.stringify({ name: `Zoë ${'long '.repeat(1000)}` });
    await put(cache, 'long', value, [namedTag('homepage')]);
    await put(cache, 'odd', 'red \u001B[31m \u009B31m\n', [namedTag('homepage'), namedTag('\u001B[2J')]);
    const { entries } = await json(['get', '--tag', 'homepage', '--values']);
    const values = new Map(entries.map((entry: { id: string; value: string }) => [entry.id, entry.value]));
    expect(Object.fromEntries(values)).toEqual({ long: value, odd: 'red \u001B[31m \u009B31m\n' });

    const text = await printed(['get', '--tag', 'homepage', '--values']);
    expect(text).toContain(`\n  ${value}\n`);
    expect(text).toContain('\n  red \\u001b[31m \\u009b31m\\u000a\n');
    expect(text).toContain('tag:\\u001b[2J');
    for (const control of ['\u001B', '\u009B']) expect(text).not.toContain(control);
  });

  it('reads what is encrypted with the key, and says without it why it cannot be read', async () => {
    const key = randomBytes(32).toString('base64');
    const { cache } = await openLinked(server.url, { encryptionKey: key });
    await put(cache, 'sealed', 'hidden', [namedTag('homepage')]);
    const args = ['get', '--tag', 'homepage', '--values'];
    const readable = { id: 'sealed', tags: ['tag:homepage'], value: 'hidden' };
    expect((await json(args, { CACHE_ENCRYPTION_KEY: key })).entries).toMatchObject([readable]);

    const unreadable = { id: 'sealed', bytes: expect.any(Number), unreadable: expect.any(String) };
    for (const [env, why] of [
      [{}, 'it is encrypted, and CACHE_ENCRYPTION_KEY is not set'],
      [{ CACHE_ENCRYPTION_KEY: '' }, 'it is encrypted, and CACHE_ENCRYPTION_KEY is not set'],
      [{ CACHE_ENCRYPTION_KEY: randomBytes(32).toString('base64') }, 'it is encrypted with another key, or damaged'],
    ] as const) {
      const { entries } = await found(
        args.slice(1),
        'CACHE_ENCRYPTION_KEY' in env ? env.CACHE_ENCRYPTION_KEY : undefined,
      );
      expect(entries).toEqual([{ ...unreadable, unreadable: why }]);
      expect(await printed(args, env)).toMatch(new RegExp(`^sealed  \\d+ bytes; cannot be read: ${why}$`, 'm'));
    }

    const { code, stderr } = await run(args, { CACHE_ENCRYPTION_KEY: 'c2hvcnQ=' });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^CACHE_ENCRYPTION_KEY is no key: .*32 bytes in base64/);
    expect(stderr).not.toContain('c2hvcnQ=');
  });

  it('says that gateways with a key do not read what is not encrypted, or that it is damaged', async () => {
    const { cache } = await openLinked(server.url);
    await put(cache, 'open', 'x', [namedTag('homepage')]);
    const key = randomBytes(32).toString('base64');
    const unread = await found(['--tag', 'homepage'], key);
    expect(unread.entries).toMatchObject([{ unreadable: 'it is not encrypted, so no gateway with a key reads it' }]);
    const bytes = await client.getBuffer(valueKey('open'));
    await client.set(valueKey('open'), (bytes ?? Buffer.alloc(0)).subarray(0, -20), 'PX', 60_000);
    expect((await found(['--tag', 'homepage'])).entries).toMatchObject([{ unreadable: 'it is damaged' }]);
  });

  it('shows so many and says when there are more, also behind many that were invalidated at once', async () => {
    const { cache } = await openLinked(server.url);
    const fill = async (prefix: string, count: number, ttlMs: number) => {
      const { snapshot } = await cache.read([]);
      const entries = Array.from({ length: count }, (_, i) => ({
        id: `${prefix} ${i}`,
        value: Buffer.from('x'),
        tags: [typeTag('Product')],
        ttlMs,
      }));
      expect((await cache.write(snapshot, entries)).every(Boolean)).toBe(true);
    };
    await fill('dead', 1200, 120_000);
    await printed(['invalidate', '--all']);
    // Invalidating everything leaves the sets of tags as they are.
    expect(await client.zcard(tagKey('type:Product'))).toBe(1200);
    expect(await found(['--type', 'Product'])).toEqual({ entries: [], more: false });

    await fill('live', 61, 60_000);
    for (const [limit, count, more] of [
      [[], 20, true],
      [['--limit', '1'], 1, true],
      [['--limit', '60'], 60, true],
      [['--limit', '61'], 61, false],
      [['--limit', '1000'], 61, false],
    ] as const) {
      const shown = await found(['--type', 'Product', ...limit]);
      const ids = new Set(shown.entries.map(({ id }) => id));
      expect({ limit, ids: ids.size, count: shown.entries.length, more: shown.more }).toEqual({
        limit,
        ids: count,
        count,
        more,
      });
      for (const id of ids) expect(id).toMatch(/^live /);
    }
    expect(await printed(['get', '--type', 'Product', '--limit', '5'])).toContain('There are more than these 5;');
  });

  it('neither it nor stats searches keys or changes anything', async () => {
    const { cache } = await openLinked(server.url);
    await put(cache, 'a', 'x', [namedTag('homepage')]);
    await client.config('RESETSTAT');
    await printed(['get', '--tag', 'homepage']);
    await printed(['stats']);
    const used = [...(await client.info('commandstats')).matchAll(/cmdstat_([^:]+):/g)].map(([, name]) => name);
    expect(used).toEqual(expect.arrayContaining(['zrevrange', 'mget', 'zcount']));
    for (const name of [
      'keys',
      'scan',
      'zscan',
      'sscan',
      'hscan',
      'smembers',
      'hgetall',
      'set',
      'hset',
      'zadd',
      'zrem',
      'del',
      'unlink',
      'publish',
    ])
      expect(used).not.toContain(name);
  });
});

describe('invalidate', () => {
  it.each(selections)('%j takes entries out of every gateway, and says how many', async (args, tags) => {
    const { cache: gateway, events } = await openLinked(server.url);
    for (const [i, tag] of tags.entries()) await put(gateway, `concerned ${i}`, 'x', [tag, namedTag('too')]);
    await put(gateway, 'unconcerned', 'x', [entityTag('Product', { upc: '2' }), typeTag('User')]);
    expect(gateway.peek('concerned 0')).toBeDefined();

    expect(await json(['invalidate', ...args])).toEqual({ invalidated: tags.length });
    await until('the gateway to hear of it', () => tags.every((_, i) => gateway.peek(`concerned ${i}`) === undefined));
    // Heard of it, and not only noticed that something was missed.
    expect(gateway.peek('unconcerned')).toBeDefined();
    expect(events).toEqual([]);
    const { cache: other } = await openLinked(server.url);
    for (const { cache } of [{ cache: gateway }, { cache: other }]) {
      for (const i of tags.keys()) expect(await textOf(cache, `concerned ${i}`)).toBeUndefined();
      expect(await textOf(cache, 'unconcerned')).toBe('x');
    }
  });

  it('--all takes everything out of every gateway', async () => {
    const { cache: gateway, events } = await openLinked(server.url);
    for (const id of ['a', 'b', 'c']) await put(gateway, id, 'x', [namedTag(id)]);
    expect(await printed(['invalidate', '--all'])).toBe('3 entries went.\n');
    await until('the gateway to hear of it', () => gateway.status().l1.entries === 0);
    expect(events).toEqual([]);
    expect((await gateway.read(['a', 'b', 'c'])).hits.size).toBe(0);
    await put(gateway, 'd', 'x');
    expect(await printed(['invalidate', '--all'])).toBe('1 entry went.\n');
    expect(await printed(['invalidate', '--all'])).toBe('0 entries went.\n');
  });

  it('takes out what has a tag that is too long to be kept as it is', async () => {
    const { cache } = await openLinked(server.url);
    const name = 'long '.repeat(100);
    await put(cache, 'a', 'x', [namedTag(name)]);
    expect((await found(['--tag', name])).entries).toMatchObject([{ id: 'a' }]);
    expect(await json(['invalidate', '--tag', name])).toEqual({ invalidated: 1 });
  });

  it('keeps out what a gateway began to fetch before', async () => {
    const { cache } = await openLinked(server.url);
    const { snapshot } = await cache.read([]);
    await printed(['invalidate', '--type', 'Product']);
    const entry = { id: 'a', value: Buffer.from('old'), tags: [typeTag('Product')], ...LONG };
    expect(await cache.write(snapshot, [entry])).toEqual([false]);
  });

  describe('when Redis does not take it', () => {
    afterEach(() => client.config('SET', 'maxmemory', '0'));

    it('fails, and says why', async () => {
      const { cache } = await openLinked(server.url);
      await put(cache, 'a', 'x', [typeTag('Product')]);
      await client.config('SET', 'maxmemory-policy', 'noeviction');
      await client.config('SET', 'maxmemory', '1');
      for (const format of ['text', 'json']) {
        const { code, stdout, stderr } = await run(['invalidate', '--type', 'Product', '--format', format]);
        expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
        expect(stderr).toMatch(/^It was not delivered, or not to its end; run it again\. .*OOM/);
        expect(stderr).not.toContain('Usage');
      }
    });
  });

  it.each(commands)('%j fails when Redis is away', async (args) => {
    const REDIS_URL = `redis://127.0.0.1:${await freePort()}`;
    const { code, stdout, stderr } = await run(args, { REDIS_URL });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/Redis is down: .*ECONNREFUSED/);
  });
});

it('all work in a Cluster', async () => {
  const cluster = await startCluster();
  try {
    const { cache } = await openLinked(cluster.url);
    const env = { REDIS_URL: cluster.url };
    for (const id of ['a', 'b', 'c', 'd']) await put(cache, id, `value of ${id}`, everyTag);
    expect(await json(['stats'], env)).toMatchObject({ entries: 4 });
    const { entries } = await json(['get', ...ENTITY, '--values'], env);
    const values = entries.map(({ value }: { value: string }) => value);
    expect(values.toSorted()).toEqual(['value of a', 'value of b', 'value of c', 'value of d']);
    expect(await json(['invalidate', ...ENTITY], env)).toEqual({ invalidated: 4 });
    await until('the gateway to hear of it', () => cache.status().l1.entries === 0);
  } finally {
    await cluster.close();
  }
}, 60_000);

describe('arguments', () => {
  it.each<[wrong: readonly string[], says: string]>([
    [[], 'The command is missing; stats, get and invalidate are taken'],
    [['list'], 'There is no command "list"; stats, get and invalidate are taken'],
    [['get'], 'Nothing is selected; --entity with --key, --type, --subgraph or --tag does'],
    [['invalidate'], 'Nothing is selected'],
    [['get', '--type', 'A', '--tag', 'b'], '--type and --tag are given; it takes one of them'],
    [['invalidate', '--type', 'A', '--all'], '--type and --all are given; it takes one of them'],
    [['get', '--all'], "Unknown option '--all'"],
    [['stats', '--type', 'A'], "Unknown option '--type'"],
    [['invalidate', '--type', 'A', '--values'], "Unknown option '--values'"],
    [['get', 'Product'], "Unexpected argument 'Product'"],
    [['get', '--type', ''], '--type is empty; it takes a name'],
    [['get', '--entity', 'A'], '--key is missing; it says which A, and --type A takes them all'],
    [['get', '--type', 'A', '--key', '{"id":"1"}'], '--key is given with --type; it belongs to --entity'],
    [['get', '--key', '{"id":"1"}'], 'Nothing is selected'],
    [['get', '--entity', 'A', '--key', '1'], '--key is 1; it takes the fields of a key as JSON, such as '],
    [['get', '--entity', 'A', '--key', '["1"]'], '--key is ["1"]; it takes'],
    [['get', '--entity', 'A', '--key', 'null'], '--key is null; it takes'],
    [['get', '--entity', 'A', '--key', '{}'], '--key is {}; it takes'],
    [['get', '--entity', 'A', '--key', '{upc:1}'], '--key is {upc:1}; it takes'],
    [['get', '--entity', 'A', '--key', '{"upc":9007199254740993}'], '--key has too large a number as "upc"; it takes'],
    [['get', '--type', 'A', '--limit', '0'], '--limit is "0"; it takes a whole number from 1 to 1000'],
    [['get', '--type', 'A', '--limit', '1e2'], '--limit is "1e2"; it takes'],
    [['get', '--type', 'A', '--limit', '1001'], '--limit is "1001"; it takes'],
    [['get', '--type', 'A', '--format', 'xml'], '--format is "xml"; it takes text or json'],
    [['stats', '--format', 'xml'], '--format is "xml"; it takes text or json'],
    [['invalidate', '--all', '--format', 'xml'], '--format is "xml"; it takes text or json'],
  ])('%j are refused: %s', (args, says) => {
    let message: string | undefined;
    try {
      readCommand(args);
    } catch (error) {
      ({ message } = error as Error);
    }
    expect(message?.slice(0, says.length)).toBe(says);
  });

  it('that are wrong end the command with the usage, before it does anything', async () => {
    const { cache } = await openLinked(server.url);
    await put(cache, 'a', 'x', [typeTag('A')]);
    for (const args of [['list'], ['invalidate', '--type', 'A', '--all'], ['invalidate', '--all', '--format', 'xml']]) {
      const { code, stdout, stderr } = await run(args);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(
        /^(?:There is no command|--type and --all are given|--format is)[^\n]*\n\nUsage: npm run cache /,
      );
    }
    expect(await textOf(cache, 'a')).toBe('x');
  });

  it.each([[['--help']], [['invalidate', '--all', '--help']]])(
    '%j shows what there is, and does nothing',
    async (args) => {
      const { code, stdout, stderr } = await runCommand('cache', args, {});
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/^Usage: npm run cache -- stats\n/);
    },
  );

  it.each(commands)('%j needs REDIS_URL', async (args) => {
    const { code, stdout, stderr } = await runCommand('cache', args, {});
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe('REDIS_URL is not set: without it, the cache is known to the gateway alone\n');
  });
});
