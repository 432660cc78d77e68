import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCacheStore, type Lifetime } from '../../../plugins/caching/store/index.ts';
import { CHANNEL, ENTRIES_KEY, MARKS_KEY, STATE_KEY } from '../../../plugins/caching/store/redis/keys.ts';
import { INVALIDATE } from '../../../plugins/caching/store/redis/scripts.ts';
import { EVERYTHING, namedTag, type Tag } from '../../../plugins/caching/tags/tag.ts';
import { connectRedis } from '../../../plugins/redis/index.ts';
import { startRedis, type RedisServer } from '../../harness/redis.ts';
import { until } from '../../harness/until.ts';
import { redisCli } from '../../redis/redis-cli.ts';
import { startCluster } from '../../redis/topologies.ts';
import { linked, LONG, openCache, openLinked, put, textOf, type OpenedCache } from './open-cache.ts';

/** How soon other processes hear of an invalidation, with what a busy machine adds to it. */
const HEARD_MS = 2000;

let server: RedisServer;
let cluster: Awaited<ReturnType<typeof startCluster>>;
beforeAll(async () => {
  [server, cluster] = await Promise.all([startRedis(), startCluster()]);
});
afterAll(async () => {
  await Promise.all([server?.close(), cluster?.close()]);
});

type Place = 'memory' | 'one Redis' | 'a Cluster';

function urlOf(place: Place): string | undefined {
  if (place === 'memory') return undefined;
  return place === 'a Cluster' ? cluster.url : server.url;
}

/** Two caches as two processes hold them. In memory there is one process. */
async function openTwo(place: Place): Promise<{ one: OpenedCache; other: OpenedCache }> {
  const url = urlOf(place);
  const one = await openLinked(url);
  return { one, other: url === undefined ? one : await openLinked(url) };
}

let names = 0;
const newId = (): string => `id ${++names}`;
const newTag = (): Tag => namedTag(`tag ${++names}`);

describe.each<Place>(['memory', 'one Redis', 'a Cluster'])('a cache in %s', (place) => {
  const secondTier = place === 'memory' ? 'l1' : 'l2';

  it('finds nothing where nothing was stored', async () => {
    const { cache } = await openLinked(urlOf(place));
    const id = newId();
    expect(cache.peek(id)).toBeUndefined();
    expect((await cache.read([id])).hits.size).toBe(0);
  });

  it('gives what was stored, with its tags, to every process, and says from which tier', async () => {
    const { one, other } = await openTwo(place);
    const [id, tags] = [newId(), [newTag(), newTag()]];
    const value = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7) % 256));
    const { snapshot } = await one.cache.read([id]);
    expect(await one.cache.write(snapshot, [{ id, value, tags, ...LONG }])).toEqual([true]);

    const found = { value, tags, state: 'fresh' };
    expect(one.cache.peek(id)).toMatchObject({ ...found, tier: 'l1' });
    expect((await one.cache.read([id])).hits.get(id)).toMatchObject({ ...found, tier: 'l1' });
    if (place !== 'memory') expect(other.cache.peek(id)).toBeUndefined();
    expect((await other.cache.read([id])).hits.get(id)).toMatchObject({ ...found, tier: secondTier });
    expect(other.cache.peek(id)).toMatchObject({ ...found, tier: 'l1' });
  });

  it('keeps one object of an entry in memory, for what is derived from it', async () => {
    const { one, other } = await openTwo(place);
    const id = newId();
    await put(one.cache, id, 'x');
    const hit = (await other.cache.read([id])).hits.get(id);
    expect(hit).toBeDefined();
    expect(other.cache.peek(id)?.entry).toBe(hit?.entry);
  });

  it('reads and stores thousands at once, and gives those that are there', async () => {
    const { one, other } = await openTwo(place);
    const ids = Array.from({ length: 2400 }, newId);
    const stored = ids.filter((_, i) => i % 2);
    const tag = newTag();
    const { snapshot } = await one.cache.read([]);
    const entries = stored.map((id) => ({ id, value: Buffer.from(`of ${id}`), tags: [tag], ...LONG }));
    expect(new Set(await one.cache.write(snapshot, entries))).toEqual(new Set([true]));
    const { hits } = await other.cache.read(ids);
    expect([...hits.keys()].toSorted()).toEqual(stored.toSorted());
    for (const [id, { value }] of hits) expect(value.toString()).toBe(`of ${id}`);
    expect(await one.cache.invalidate([tag])).toEqual({ invalidated: 1200, delivered: true });
  });

  it('tells how old an entry is and how long it is still fresh', async () => {
    const { one, other } = await openTwo(place);
    const id = newId();
    const before = performance.now();
    await put(one.cache, id, 'x');
    const after = performance.now();
    await until('some time to pass', () => performance.now() > after + 50);
    for (const { cache } of [other, one]) {
      const asked = performance.now();
      const hit = (await cache.read([id])).hits.get(id);
      // Redis's clock is read to the millisecond, and the way there counts as age.
      expect(hit?.ageMs).toBeGreaterThan(asked - after - 2);
      expect(hit?.ageMs).toBeLessThan(performance.now() - before + HEARD_MS);
      const span = (hit?.ageMs ?? 0) + (hit?.freshForMs ?? 0);
      expect(span).toBeGreaterThan(LONG.ttlMs * 0.9 - 1);
      expect(span).toBeLessThan(LONG.ttlMs + 1);
    }
  });

  it.each<[state: string, lifetime: Lifetime]>([
    ['stale', { ttlMs: 40, staleWhileRevalidateMs: 60_000 }],
    ['stale', { ttlMs: 40, staleWhileRevalidateMs: 60_000, staleIfErrorMs: 60_000 }],
    ['expired', { ttlMs: 40, staleIfErrorMs: 60_000 }],
    ['expired', { ttlMs: 40, staleWhileRevalidateMs: 40, staleIfErrorMs: 60_000 }],
  ])('gives what is %s after %j as that, from both tiers', async (state, lifetime) => {
    const { one, other } = await openTwo(place);
    const id = newId();
    await put(one.cache, id, 'old', [], lifetime);
    const hit = await until('it not to be fresh', () => {
      const peeked = one.cache.peek(id);
      return peeked?.state === state && peeked;
    });
    expect(hit).toMatchObject({ state, tier: 'l1', freshForMs: 0 });
    const read = (await other.cache.read([id])).hits.get(id);
    expect(read).toMatchObject({ state, tier: secondTier, freshForMs: 0 });
    expect(read?.value.toString()).toBe('old');
  });

  it('gives nothing any more when all windows are over, in no tier', async () => {
    const { one, other } = await openTwo(place);
    const id = newId();
    await put(one.cache, id, 'x', [], { ttlMs: 40, staleWhileRevalidateMs: 20, staleIfErrorMs: 30 });
    await until('it to end', () => one.cache.peek(id) === undefined);
    expect(await textOf(other.cache, id)).toBeUndefined();
    expect(await textOf(one.cache, id)).toBeUndefined();
  });

  it('ends what was stored together at different times, all within the last tenth of their time to live', async () => {
    const { one, other } = await openTwo(place);
    const ids = Array.from({ length: 100 }, newId);
    const { snapshot } = await one.cache.read([]);
    await one.cache.write(
      snapshot,
      ids.map((id) => ({ id, value: Buffer.from('x'), tags: [], ttlMs: 10_000 })),
    );
    const { hits } = await other.cache.read(ids);
    const spans = hits.values().map(({ entry }) => entry.freshUntil - entry.storedAt);
    const sorted = [...spans].toSorted((a, b) => a - b).map(Math.round);
    expect(sorted).toHaveLength(100);
    expect(sorted[0]).toBeGreaterThanOrEqual(9000);
    expect(sorted[99]).toBeLessThanOrEqual(10_000);
    expect(new Set(sorted).size).toBeGreaterThan(50);
  });

  it.each<[string, Lifetime]>([
    ['no time to live', { ttlMs: 0 }],
    ['a part of a ms', { ttlMs: 1.5 }],
    ['NaN', { ttlMs: Number.NaN }],
    ['forever', { ttlMs: Infinity }],
    ['a negative window', { ttlMs: 1000, staleWhileRevalidateMs: -1 }],
    ['a window of NaN', { ttlMs: 1000, staleIfErrorMs: Number.NaN }],
  ])('refuses a lifetime with %s, and stores nothing of what came with it', async (_, lifetime) => {
    const { cache } = await openLinked(urlOf(place));
    const [good, bad] = [newId(), newId()];
    const { snapshot } = await cache.read([]);
    const entries = [
      { id: good, value: Buffer.from('x'), tags: [], ...LONG },
      { id: bad, value: Buffer.from('x'), tags: [], ...lifetime },
    ];
    await expect(cache.write(snapshot, entries)).rejects.toThrow(RangeError);
    expect((await cache.read([good, bad])).hits.size).toBe(0);
  });

  it('gives an entry up in memory for newer ones, and never takes more than it may', async () => {
    const maxBytes = 100_000;
    const { cache } = await openLinked(urlOf(place), { maxBytes });
    const ids = Array.from({ length: 50 }, newId);
    for (const id of ids) {
      await put(cache, id, 'x'.repeat(10_000), [newTag()]);
      expect(cache.status().l1.bytes).toBeLessThanOrEqual(maxBytes);
    }
    expect(cache.peek(ids.at(-1) ?? '')).toBeDefined();
    expect(cache.peek(ids[0] ?? '')).toBeUndefined();
    expect(cache.status().l1).toMatchObject({ entries: 9, maxBytes });
  });

  describe('invalidated by a tag', () => {
    it('loses the entries of that tag, in every process and tier, and says how many they were', async () => {
      const { one, other } = await openTwo(place);
      const [gone, kept] = [newTag(), newTag()];
      const [a, b, c] = [newId(), newId(), newId()];
      await put(one.cache, a, 'a', [gone]);
      await put(other.cache, b, 'b', [gone, kept]);
      await put(one.cache, c, 'c', [kept]);
      for (const { cache } of [one, other]) await cache.read([a, b, c]);

      expect(await one.cache.invalidate([gone])).toEqual({ invalidated: 2, delivered: true });
      expect(one.cache.peek(a)).toBeUndefined();
      expect(one.cache.peek(b)).toBeUndefined();
      await until('the other to hear of it', () => !other.cache.peek(a) && !other.cache.peek(b), HEARD_MS);
      for (const { cache } of [one, other]) expect([...(await cache.read([a, b, c])).hits.keys()]).toEqual([c]);
    });

    it('counts an entry of several of the tags once, and none that was invalidated before', async () => {
      const { cache } = await openLinked(urlOf(place));
      const tags = [newTag(), newTag(), newTag()];
      await put(cache, newId(), 'x', tags);
      await put(cache, newId(), 'x', tags.slice(1));
      expect((await cache.invalidate(tags)).invalidated).toBe(2);
      expect((await cache.invalidate(tags)).invalidated).toBe(0);
      expect(await cache.invalidate([])).toEqual({ invalidated: 0, delivered: true });
    });

    it('loses everything by `all`', async () => {
      const { one, other } = await openTwo(place);
      await one.cache.invalidate([EVERYTHING]);
      const ids = [newId(), newId(), newId()] as const;
      await put(one.cache, ids[0], 'x', [newTag()]);
      await put(other.cache, ids[1], 'x');
      await put(one.cache, ids[2], 'x', [newTag(), EVERYTHING]);
      await other.cache.read(ids);
      expect(await one.cache.invalidate([newTag(), EVERYTHING])).toEqual({ invalidated: 3, delivered: true });
      await until('the other to hear of it', () => ids.every((id) => !other.cache.peek(id)), HEARD_MS);
      for (const { cache } of [one, other]) expect((await cache.read(ids)).hits.size).toBe(0);
      expect((await other.cache.invalidate([EVERYTHING])).invalidated).toBe(0);
    });

    it('keeps out what began to be fetched before, whichever process invalidated it, and lets in all else', async () => {
      const { one, other } = await openTwo(place);
      const [tag, another] = [newTag(), newTag()];
      for (const { cache } of [one, other]) {
        const [old, free, later] = [newId(), newId(), newId()];
        const { snapshot } = await one.cache.read([old]);
        await cache.invalidate([tag]);
        const written = await one.cache.write(snapshot, [
          { id: old, value: Buffer.from('old'), tags: [another, tag], ...LONG },
          { id: free, value: Buffer.from('free'), tags: [another], ...LONG },
        ]);
        expect(written).toEqual([false, true]);
        expect(one.cache.peek(old)).toBeUndefined();
        for (const reader of [one, other]) {
          expect(await textOf(reader.cache, old)).toBeUndefined();
          expect(await textOf(reader.cache, free)).toBe('free');
        }
        expect(await put(one.cache, later, 'new', [tag])).toBe(true);
        expect(await textOf(other.cache, later)).toBe('new');
      }
    });

    it('keeps out what began to be fetched before `all`', async () => {
      const { one, other } = await openTwo(place);
      const id = newId();
      const { snapshot } = await one.cache.read([id]);
      await other.cache.invalidate([EVERYTHING]);
      expect(await one.cache.write(snapshot, [{ id, value: Buffer.from('x'), tags: [], ...LONG }])).toEqual([false]);
      expect(await textOf(one.cache, id)).toBeUndefined();
    });

    it('keeps out what began to be fetched when all that was asked for was in memory', async () => {
      const { one, other } = await openTwo(place);
      const [held, fetched, tag] = [newId(), newId(), newTag()];
      await put(one.cache, held, 'x');
      const { hits, snapshot } = await one.cache.read([held]);
      expect(hits.get(held)?.tier).toBe('l1');
      await other.cache.invalidate([tag]);
      const entries = [{ id: fetched, value: Buffer.from('x'), tags: [tag], ...LONG }];
      expect(await one.cache.write(snapshot, entries)).toEqual([false]);
      expect(await textOf(one.cache, fetched)).toBeUndefined();
    });

    it('knows a tag by whatever text it is, however long', async () => {
      const { one, other } = await openTwo(place);
      const texts = fc.oneof(
        fc.string({ unit: 'binary', maxLength: 100 }),
        // Clients name entities by what they like, lone halves of characters among it.
        fc.array(fc.integer({ min: 0, max: 0xff_ff }), { maxLength: 100 }).map((all) => String.fromCharCode(...all)),
      );
      await fc.assert(
        fc.asyncProperty(texts, async (text) => {
          const id = newId();
          const tag = namedTag(`${id} ${text}`);
          expect(await put(one.cache, id, 'x', [tag])).toBe(true);
          expect(await textOf(other.cache, id)).toBe('x');
          expect(await other.cache.invalidate([tag])).toEqual({ invalidated: 1, delivered: true });
          await until('one to hear of it', () => one.cache.peek(id) === undefined, HEARD_MS);
          expect(await textOf(one.cache, id)).toBeUndefined();
        }),
        { numRuns: 40, examples: [['\ud800'], ['\udc00\ud800'], ['\0'], ['"\\'], ['']] },
      );
    });
  });

  it('finds what a plain map with tags would', async () => {
    const { one, other } = await openTwo(place);
    const caches = [one.cache, other.cache];
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { maxLength: 25 }), async (made) => {
        await followsModel(caches, made);
      }),
      { numRuns: 25 },
    );
  });
});

/** Which tags the entries of the model have, by their numbers. */
const TAGS_OF = [[0], [0, 1], [1, 2], [], [2]] as const;
const SNAPSHOTS = 3;
const entryNumbers = fc.nat(TAGS_OF.length - 1);
const caches = fc.nat(1);
const steps = fc.oneof(
  fc.record({ do: fc.constant('begin' as const), by: caches, slot: fc.nat(SNAPSHOTS - 1) }),
  fc.record({ do: fc.constant('write' as const), slot: fc.nat(SNAPSHOTS - 1), entry: entryNumbers }),
  fc.record({ do: fc.constant('invalidate' as const), by: caches, tags: fc.uniqueArray(fc.nat(2), { minLength: 1 }) }),
  fc.record({ do: fc.constant('invalidate all' as const), by: caches }),
  fc.record({ do: fc.constant('read' as const), by: caches }),
);
type Step = typeof steps extends fc.Arbitrary<infer One> ? One : never;

/** Two processes and a map, which take the same steps; a snapshot belongs to the process that took it. */
async function followsModel(processes: readonly OpenedCache['cache'][], made: readonly Step[]): Promise<void> {
  const [one = raise('no process')] = processes;
  const cacheOf = (by: number) => processes[by] ?? one;
  await one.invalidate([EVERYTHING]);
  const ids = TAGS_OF.map(newId);
  const tags = [newTag(), newTag(), newTag()];
  const tagsOf = (entry: number): Tag[] => (TAGS_OF[entry] ?? []).map((tag) => tags[tag] ?? EVERYTHING);
  const model = new Map<number, Set<string>>();
  let clock = 0;
  const invalidatedAt = new Map<Tag, number>();
  const begin = async (by: number) => ({ by, at: ++clock, snapshot: (await cacheOf(by).read([])).snapshot });
  const begun = await Promise.all(Array.from({ length: SNAPSHOTS }, () => begin(0)));

  async function invalidate(by: number, what: readonly Tag[]): Promise<void> {
    const isConcerned = (entry: number): boolean =>
      what.includes(EVERYTHING) || tagsOf(entry).some((tag) => what.includes(tag));
    const gone = [...model.keys()].filter(isConcerned);
    for (const entry of gone) model.delete(entry);
    for (const tag of what) invalidatedAt.set(tag, ++clock);
    expect(await cacheOf(by).invalidate(what)).toEqual({ invalidated: gone.length, delivered: true });
    const isHeard = () => processes.every((cache) => gone.every((entry) => !cache.peek(ids[entry] ?? '')));
    await until('all to hear of it', isHeard, HEARD_MS);
  }

  for (const step of made) {
    if (step.do === 'begin') begun[step.slot] = await begin(step.by);
    if (step.do === 'invalidate')
      await invalidate(
        step.by,
        step.tags.map((tag) => tags[tag] ?? EVERYTHING),
      );
    if (step.do === 'invalidate all') await invalidate(step.by, [EVERYTHING]);
    if (step.do === 'write') {
      const { by, at, snapshot } = begun[step.slot] ?? raise('no snapshot');
      const id = ids[step.entry] ?? '';
      const value = `${id} ${++clock}`;
      const own = tagsOf(step.entry);
      const isValid = [...own, EVERYTHING].every((tag) => (invalidatedAt.get(tag) ?? 0) < at);
      // What was stored before and not invalidated may still be in the memory of the other.
      if (isValid) model.set(step.entry, (model.get(step.entry) ?? new Set()).add(value));
      const entry = { id, value: Buffer.from(value), tags: own, ...LONG };
      expect(await cacheOf(by).write(snapshot, [entry])).toEqual([isValid]);
    }
    if (step.do === 'read') {
      const { hits } = await cacheOf(step.by).read(ids);
      for (const [entry, id] of ids.entries()) {
        const found = hits.get(id)?.value.toString();
        const valid = model.get(entry);
        if (valid === undefined) expect(found).toBeUndefined();
        else expect([...valid]).toContain(found);
      }
    }
  }
}

function raise(message: string): never {
  throw new Error(message);
}

describe.each<Place>(['one Redis', 'a Cluster'])('between processes, over %s', (place) => {
  const ports = (): readonly number[] =>
    place === 'a Cluster' ? cluster.nodes.map(({ port }) => port) : [server.port];
  const killSubscriptions = async (): Promise<void> => {
    for (const port of ports()) await redisCli(port, 'CLIENT', 'KILL', 'TYPE', 'pubsub');
  };

  it('a process that begins later finds what is stored and begins to hear of invalidations', async () => {
    const { cache: one } = await openLinked(urlOf(place));
    const [id, tag] = [newId(), newTag()];
    await put(one, id, 'x', [tag]);
    const { cache: late } = openCache(urlOf(place));
    expect(await textOf(late, id)).toBe('x');
    await linked(late);
    await until('it to be kept in memory', async () => (await textOf(late, id)) && late.peek(id));
    await one.invalidate([tag]);
    await until('it to hear of it', () => late.peek(id) === undefined, HEARD_MS);
  });

  it('a process that loses its subscription drops its memory, says so, and hears the others again', async () => {
    const { one, other } = await openTwo(place);
    const [id, tag] = [newId(), newTag()];
    await put(one.cache, id, 'x', [tag]);
    await other.cache.read([id]);
    expect(other.cache.peek(id)).toBeDefined();

    await killSubscriptions();
    await until('its memory to be empty', () => other.cache.status().l1.entries === 0, HEARD_MS);
    expect(other.events).toContainEqual({ type: 'dropped' });
    await linked(other.cache);
    expect(await textOf(other.cache, id)).toBe('x');
    expect(other.cache.peek(id)).toBeDefined();
    await one.cache.invalidate([tag]);
    await until('it to hear of it', () => other.cache.peek(id) === undefined, HEARD_MS);
  });

  it('what was heard to be invalid stays so without a subscription, though nobody has removed it yet', async () => {
    const { one, other } = await openTwo(place);
    const [id, tag] = [newId(), newTag()];
    await put(one.cache, id, 'x', [tag]);
    await put(other.cache, newId(), 'witness');
    expect(await textOf(other.cache, id)).toBe('x');
    // As by a process that is ended before it has come to the removal.
    const order = JSON.stringify({ tags: [tag], everything: false, marks: 100, keptMs: 60_000 });
    await one.shared.run(INVALIDATE, [STATE_KEY, ENTRIES_KEY, MARKS_KEY], [CHANNEL, order]);
    await until('the other to hear of it', () => other.cache.peek(id) === undefined, HEARD_MS);
    expect(await textOf(other.cache, id)).toBeUndefined();

    await killSubscriptions();
    await until('its memory to be empty', () => other.cache.status().l1.entries === 0, HEARD_MS);
    await linked(other.cache);
    expect(await textOf(other.cache, id)).toBeUndefined();
  });

  it('what is invalidated while a process is deaf is not served by it any more', async () => {
    const { one, other } = await openTwo(place);
    for (let i = 0; i < 5; i++) {
      const [id, tag] = [newId(), newTag()];
      await put(one.cache, id, 'x', [tag]);
      await linked(other.cache);
      await until('it to be kept in memory', async () => (await textOf(other.cache, id)) && other.cache.peek(id));
      await killSubscriptions();
      expect((await one.cache.invalidate([tag])).delivered).toBe(true);
      await until('it to be gone', () => other.cache.peek(id) === undefined, HEARD_MS);
      expect(await textOf(other.cache, id)).toBeUndefined();
    }
  });
});

describe('options', () => {
  const shared = connectRedis();
  it.each(['maxBytes', 'compressAbove', 'timeoutMs'])('%s takes a whole number above 0', (name) => {
    for (const wrong of [0, -1, 1.5, Number.NaN, Infinity]) {
      expect(() => createCacheStore({ shared, [name]: wrong })).toThrow(new RegExp(`^${name} takes`));
    }
  });
});
