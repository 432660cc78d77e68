import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CacheStore, Fetched, Lifetime } from '../../../plugins/caching/store/index.ts';
import { ENTRIES_KEY, liveKey, MARKS_KEY, STATE_KEY, tagKey } from '../../../plugins/caching/store/redis/keys.ts';
import { EVERYTHING, namedTag, type Tag } from '../../../plugins/caching/tags/tag.ts';
import { startRedis, type RedisServer } from '../../harness/redis.ts';
import { until } from '../../harness/until.ts';
import { LONG, openCache, openLinked, put, textOf } from './open-cache.ts';

let server: RedisServer;
let client: Redis;
beforeAll(async () => {
  server = await startRedis();
  client = new Redis(server.url);
});
beforeEach(() => client.flushall());
afterAll(async () => {
  client?.disconnect();
  await server?.close();
});

/** Stores so many at once as one does, each with its own tags. */
async function putMany(
  cache: CacheStore,
  prefix: string,
  count: number,
  tagsOf: (index: number) => readonly Tag[],
  lifetime: Lifetime = LONG,
): Promise<void> {
  const { snapshot } = await cache.read([]);
  const entries = Array.from({ length: count }, (_, i) => ({
    id: `${prefix} ${i}`,
    value: Buffer.from(`value ${i}`),
    tags: tagsOf(i),
    ...lifetime,
  }));
  const stored = await cache.write(snapshot, entries);
  expect(stored.every(Boolean)).toBe(true);
}

/** Of each key, how long it is kept, in ms; -1: for ever. */
async function timesToLive(): Promise<ReadonlyMap<string, number>> {
  const keys = await client.keys('*');
  return new Map(await Promise.all(keys.map(async (key) => [key, await client.pttl(key)] as const)));
}

describe('keys of Redis', () => {
  it('all end by themselves, but for the one that says where it stands', async () => {
    const { cache } = await openLinked(server.url);
    const lifetime = { ttlMs: 5000, staleWhileRevalidateMs: 20_000, staleIfErrorMs: 40_000 };
    await putMany(cache, 'entry', 600, (i) => [namedTag(`of ${i % 7}`), namedTag(`own ${i}`)], lifetime);
    await put(cache, 'untagged', 'x');
    await cache.invalidate([namedTag('of 1'), namedTag('of nothing')]);
    // A lock.
    void cache.readThrough('fetched', () => Promise.withResolvers<Fetched>().promise);
    await until('all to be there', async () => (await client.keys('*lock*')).length > 0);

    const kept = await timesToLive();
    expect(kept.size).toBeGreaterThan(1500);
    expect([...kept].filter(([, ttl]) => ttl < 0).map(([key]) => key)).toEqual([STATE_KEY]);
    // Entries and what names them are kept no longer than they are of use; marks for ten minutes.
    const longest = [...kept].filter(([key]) => key !== MARKS_KEY).map(([, ttl]) => ttl);
    expect(Math.max(...longest)).toBeLessThanOrEqual(60_000);
    expect(kept.get(MARKS_KEY)).toBeLessThanOrEqual(600_000);
  });

  it('are gone when all entries have ended, whatever tags they had', async () => {
    const { cache } = await openLinked(server.url);
    await putMany(cache, 'short', 1000, (i) => [namedTag(`of ${i % 3}`), namedTag(`own ${i}`)], { ttlMs: 1000 });
    expect((await client.keys('*')).length).toBeGreaterThan(1000);
    await until('all to be gone', async () => (await client.keys('*')).length === 1);
    expect(await client.keys('*')).toEqual([STATE_KEY]);
  });

  it('of a tag that is in use all the time do not grow by the entries that have ended', async () => {
    const { cache } = await openLinked(server.url);
    const tags = [namedTag('a'), namedTag('b')];
    // They keep the sets of all tags alive.
    await putMany(cache, 'lasting', 5, () => tags);
    const wave = 400;
    for (let i = 0; i < 8; i++) {
      await putMany(cache, `wave ${i}`, wave, () => tags, { ttlMs: 50 });
      await until('the wave to end', async () => (await client.zcount(ENTRIES_KEY, Date.now(), '+inf')) === 5);
    }
    const sizes = await Promise.all([ENTRIES_KEY, ...tags.map(tagKey)].map((key) => client.zcard(key)));
    for (const size of sizes) expect(size).toBeLessThan(2 * wave);

    // Nor by those that are stored one by one.
    for (let i = 0; i < 300; i++) await put(cache, `single ${i}`, 'x', tags, { ttlMs: 1 });
    for (const key of [ENTRIES_KEY, ...tags.map(tagKey)]) expect(await client.zcard(key)).toBeLessThan(50);
    expect((await cache.invalidate(tags)).invalidated).toBeGreaterThanOrEqual(5);
    expect(await client.exists(tags.map(tagKey))).toBe(0);
  });

  it('of a tag last as long as its longest entry, in whichever order they are stored', async () => {
    const { cache } = await openLinked(server.url);
    const [first, last] = [namedTag('first'), namedTag('last')];
    await put(cache, 'long', 'x', [first], { ttlMs: 60_000 });
    await put(cache, 'short', 'x', [first], { ttlMs: 100 });
    await put(cache, 'short too', 'x', [last], { ttlMs: 100 });
    await put(cache, 'long too', 'x', [last], { ttlMs: 60_000 });
    for (const tag of [first, last]) expect(await client.pttl(tagKey(tag))).toBeGreaterThan(50_000);
    await until(
      'the short ones to end',
      async () => (await client.exists(liveKey('short'), liveKey('short too'))) === 0,
    );
    expect((await cache.invalidate([first])).invalidated).toBe(1);
    expect((await cache.invalidate([last])).invalidated).toBe(1);
  });

  it('name at most 10,000 invalidated tags, and what began to be fetched before the forgotten ones is refused', async () => {
    const { cache } = await openLinked(server.url);
    const { cache: reader } = await openLinked(server.url);
    const { snapshot } = await reader.read([]);
    const tags = Array.from({ length: 10_500 }, (_, i) => namedTag(`${i}`));
    expect(await cache.invalidate(tags)).toEqual({ invalidated: 0, delivered: true });
    expect(await client.zcard(MARKS_KEY)).toBeLessThanOrEqual(10_000);
    const write = (tag: string) =>
      reader.write(snapshot, [{ id: tag, value: Buffer.from('x'), tags: [namedTag(tag)], ...LONG }]);
    expect(await write('0')).toEqual([false]);
    expect(await write('10499')).toEqual([false]);
    expect(await put(reader, 'new', 'x', [namedTag('0')])).toBe(true);
  });
});

describe('when Redis evicts keys', () => {
  afterEach(() => client.config('SET', 'maxmemory', '0'));

  it('an invalidation takes everything out rather than missing an entry whose tag was evicted', async () => {
    const { cache } = await openLinked(server.url);
    const tag = namedTag('x');
    await put(cache, 'tagged', 'x', [tag]);
    // Something else that is large gives way, and the set of the tag is lost as if it had been that.
    await client.config('SET', 'maxmemory-policy', 'volatile-ttl');
    await client.set('next to end', 'x'.repeat(4_000_000), 'PX', 1000);
    const used = /used_memory:(\d+)/.exec(await client.info('memory'))?.[1];
    await client.config('SET', 'maxmemory', String(Number(used) - 1_000_000));
    await client.set('one more', 'x', 'PX', 60_000);
    expect(await client.info('stats')).not.toMatch(/evicted_keys:0\r/);
    await client.del(tagKey(tag));
    const { cache: other } = openCache(server.url);
    expect(await textOf(other, 'tagged')).toBe('x');

    expect((await cache.invalidate([tag])).delivered).toBe(true);
    const { cache: late } = openCache(server.url);
    expect(await textOf(late, 'tagged')).toBeUndefined();
  });
});

describe('what an invalidation costs', () => {
  type Commands = Readonly<Record<string, number>>;

  async function commands(): Promise<Commands> {
    const lines = (await client.info('commandstats')).matchAll(/cmdstat_([^:]+):calls=(\d+)/g);
    return Object.fromEntries([...lines].map(([, name = '', calls]) => [name, Number(calls)]));
  }

  async function during(work: () => Promise<unknown>): Promise<Commands> {
    const before = await commands();
    await work();
    const after = await commands();
    const spent = Object.entries(after).map(([name, calls]) => [name, calls - (before[name] ?? 0)] as const);
    return Object.fromEntries(spent.filter(([, calls]) => calls > 0));
  }

  afterEach(() => void vi.useRealTimers());

  it('depends on the entries of its tags alone, not on how many others there are; keys are never searched', async () => {
    // What asks Redis now and then, in the background, would count too.
    vi.useFakeTimers({ toFake: ['setInterval'] });
    const { cache } = await openLinked(server.url);
    const tags = [namedTag('a'), namedTag('b')];
    const cost = async (work: () => Promise<unknown>): Promise<Commands> => {
      await putMany(cache, 'concerned', 20, () => tags);
      return during(work);
    };
    const invalidate = async () => expect((await cache.invalidate(tags)).invalidated).toBe(20);
    const everything = () => cache.invalidate([EVERYTHING]);
    // The scripts are known, and it is listened to.
    for (const work of [invalidate, everything, invalidate]) await cost(work);

    await putMany(cache, 'unrelated', 100, (i) => [namedTag(`of ${i % 10}`)]);
    const few = await cost(invalidate);
    const fewOfAll = await cost(everything);
    for (let i = 0; i < 10; i++) await putMany(cache, `more ${i}`, 1000, (n) => [namedTag(`of ${n % 10}`)]);
    const many = await cost(invalidate);
    const manyOfAll = await cost(everything);

    expect(many).toEqual(few);
    expect(manyOfAll).toEqual(fewOfAll);
    // One to begin; for each of two tags, one that names its entries and one that removes them.
    expect(few).toMatchObject({ evalsha: 5, publish: 3 });
    expect(fewOfAll).toMatchObject({ evalsha: 1, publish: 1 });

    const others = await during(async () => {
      await putMany(cache, 'shared', 50, () => tags);
      await cache.read(Array.from({ length: 60 }, (_, i) => `shared ${i}`));
      await cache.readThrough('fetched', async () => ({ value: Buffer.from('x'), tags, lifetime: LONG }));
    });
    const names = [few, many, fewOfAll, manyOfAll, others].flatMap((spent) => Object.keys(spent));
    expect(names).toEqual(expect.arrayContaining(['evalsha', 'mget', 'set']));
    for (const searching of ['scan', 'sscan', 'zscan', 'hscan', 'keys', 'smembers', 'hgetall', 'flushdb', 'flushall'])
      expect(names).not.toContain(searching);
  });

  it('reading many is one script and one command for all, storing them is a script for each 250', async () => {
    vi.useFakeTimers({ toFake: ['setInterval'] });
    const { cache } = await openLinked(server.url);
    const { cache: other } = await openLinked(server.url);
    await putMany(cache, 'warm', 1, () => []);
    await other.read(['warm 0']);
    const stored = await during(() => putMany(cache, 'entry', 500, (i) => [namedTag(`of ${i % 5}`)]));
    // The first is for the snapshot, and one sets all values.
    expect(stored).toMatchObject({ evalsha: 1 + 1 + 2 });
    const ids = Array.from({ length: 500 }, (_, i) => `entry ${i}`);
    const read = await during(async () => expect((await other.read(ids)).hits.size).toBe(500));
    // One within the script.
    expect(read).toMatchObject({ evalsha: 1, mget: 2 });
  });
});
