import * as fc from 'fast-check';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { CacheStore, Fetched, Served } from '../../../plugins/caching/store/index.ts';
import { lockKey } from '../../../plugins/caching/store/redis/keys.ts';
import { namedTag, type Tag } from '../../../plugins/caching/tags/tag.ts';
import { startRedis, type RedisServer } from '../../harness/redis.ts';
import { until } from '../../harness/until.ts';
import { soon } from '../../redis/soon.ts';
import { startGateways, type Gateways } from './gateways.ts';
import { LONG, openCache, openLinked, put, textOf } from './open-cache.ts';

const CALLERS = 500;
const STALE = { ttlMs: 30, staleWhileRevalidateMs: 60_000 };
const EXPIRED = { ttlMs: 30, staleIfErrorMs: 60_000 };

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server?.close());

type Place = 'memory' | 'one Redis';
const urlOf = (place: Place): string | undefined => (place === 'memory' ? undefined : server.url);

let names = 0;
const newId = (): string => `id ${++names}`;
const newTag = (): Tag => namedTag(`tag ${++names}`);
const fetched = (text: string, tags: readonly Tag[] = []): Fetched => ({
  value: Buffer.from(text),
  tags,
  lifetime: LONG,
});

function served(answer: Served<Fetched>): string {
  return (answer.from === 'cache' ? answer.hit.value : answer.fetched.value).toString();
}

/** An upstream whose answers are given by the test, in the order in which they were asked for. */
function upstream() {
  const asked: PromiseWithResolvers<Fetched>[] = [];
  return {
    fetch: (): Promise<Fetched> => {
      const answer = Promise.withResolvers<Fetched>();
      asked.push(answer);
      return answer.promise;
    },
    count: () => asked.length,
    asked: (count: number) => until(`${count} fetches`, () => asked.length >= count),
    answer: (index: number, with_: Fetched): void => asked[index]?.resolve(with_),
    fail: (index: number, error: Error): void => asked[index]?.reject(error),
  };
}

async function storeAndWait(
  cache: CacheStore,
  state: 'stale' | 'expired',
  tags: readonly Tag[] = [],
): Promise<{ readonly id: string }> {
  const id = newId();
  await put(cache, id, 'old', tags, state === 'stale' ? STALE : EXPIRED);
  await until(`it to be ${state}`, () => cache.peek(id)?.state === state);
  return { id };
}

describe.each<Place>(['memory', 'one Redis'])('with a cache in %s', (place) => {
  it('all who ask at once get one answer from one fetch, and later ones get it from the cache', async () => {
    const { cache } = await openLinked(urlOf(place));
    const [id, { fetch, count, asked, answer }] = [newId(), upstream()];
    const callers = Array.from({ length: CALLERS }, () => cache.readThrough(id, fetch));
    await asked(1);
    answer(0, fetched('new'));
    const answers = await Promise.all(callers);
    expect(new Set(answers.map(served))).toEqual(new Set(['new']));
    await until('it to be stored', () => cache.peek(id));
    expect(await cache.readThrough(id, fetch)).toMatchObject({ from: 'cache', hit: { state: 'fresh', tier: 'l1' } });
    expect(count()).toBe(1);
  });

  it('what the fetch gave beside the value is for all who waited', async () => {
    const { cache } = await openLinked(urlOf(place));
    const id = newId();
    const fetch = async () => ({ ...fetched('x'), status: 200 });
    const answers = await Promise.all([cache.readThrough(id, fetch), cache.readThrough(id, fetch)]);
    expect(answers).toMatchObject([{ fetched: { status: 200 } }, { fetched: { status: 200 } }]);
  });

  it('entries under other ids are fetched by themselves', async () => {
    const { cache } = await openLinked(urlOf(place));
    const answers = await Promise.all(['a', 'b'].map((text) => cache.readThrough(newId(), async () => fetched(text))));
    expect(answers.map(served)).toEqual(['a', 'b']);
  });

  it('a failure is for all who waited for it, and is not kept', async () => {
    const { cache } = await openLinked(urlOf(place));
    const [id, { fetch, count, asked, fail }] = [newId(), upstream()];
    const callers = Array.from({ length: CALLERS }, () => cache.readThrough(id, fetch).catch(String));
    await asked(1);
    fail(0, new Error('no upstream'));
    expect(new Set(await Promise.all(callers))).toEqual(new Set(['Error: no upstream']));
    expect(count()).toBe(1);
    expect(served(await cache.readThrough(id, async () => fetched('new')))).toBe('new');
  });

  it('what is not to be stored is fetched by each for itself', async () => {
    const { cache } = await openLinked(urlOf(place));
    const id = newId();
    let fetches = 0;
    const fetch = async (): Promise<Fetched> => ({ value: Buffer.from(`answer ${++fetches}`), tags: [] });
    const answers = await Promise.all(Array.from({ length: 20 }, () => cache.readThrough(id, fetch)));
    expect(new Set(answers.map(served)).size).toBe(20);
    expect(fetches).toBe(20);
    expect(await textOf(cache, id)).toBeUndefined();
  });

  it('what is stale is served at once, and fetched anew once in the background', async () => {
    const { cache } = await openLinked(urlOf(place));
    const { id } = await storeAndWait(cache, 'stale');
    const { fetch, count, asked, answer } = upstream();
    const callers = Array.from({ length: CALLERS }, () => cache.readThrough(id, fetch));
    // Nothing has been answered upstream.
    const answers = await Promise.all(callers);
    expect(answers[0]).toMatchObject({ from: 'cache', hit: { state: 'stale' } });
    expect(new Set(answers.map(served))).toEqual(new Set(['old']));
    await asked(1);
    expect(served(await cache.readThrough(id, fetch))).toBe('old');
    answer(0, fetched('new'));
    await until('the new one', () => cache.peek(id)?.value.toString() === 'new');
    expect(count()).toBe(1);
  });

  it('what is stale goes on being served when it cannot be fetched, which is told and not tried again at once', async () => {
    const { cache, events } = await openLinked(urlOf(place));
    const { id } = await storeAndWait(cache, 'stale');
    const error = new Error('no upstream');
    const fetch = vi.fn<() => Promise<Fetched>>().mockRejectedValue(error);
    expect(served(await cache.readThrough(id, fetch))).toBe('old');
    await until('it to be told', () => events.length > 0);
    expect(events).toEqual([{ type: 'refresh failed', error }]);
    for (let i = 0; i < 20; i++) expect(served(await cache.readThrough(id, fetch))).toBe('old');
    expect(fetch).toHaveBeenCalledTimes(1);
    await until('it to be tried again', async () => {
      await cache.readThrough(id, fetch);
      return fetch.mock.calls.length > 1;
    });
  });

  it('what is expired is fetched, and served with the error only where that fails', async () => {
    const { cache } = await openLinked(urlOf(place));
    const { id } = await storeAndWait(cache, 'expired');
    const { fetch, count, asked, fail } = upstream();
    const callers = Array.from({ length: CALLERS }, () => cache.readThrough(id, fetch));
    await asked(1);
    const error = new Error('no upstream');
    fail(0, error);
    const answers = await Promise.all(callers);
    expect(answers[0]).toMatchObject({ from: 'cache', hit: { state: 'expired' }, error });
    expect(new Set(answers.map(served))).toEqual(new Set(['old']));
    expect(count()).toBe(1);

    expect(await cache.readThrough(id, async () => fetched('new'))).toMatchObject({ from: 'fetch' });
    await until('it to be stored', () => cache.peek(id)?.state === 'fresh');
    expect(await textOf(cache, id)).toBe('new');
  });

  it('what is expired beyond its window while it is fetched is not served in place of an error', async () => {
    const { cache } = await openLinked(urlOf(place));
    const id = newId();
    await put(cache, id, 'old', [], { ttlMs: 30, staleIfErrorMs: 200 });
    await until('it to be expired', () => cache.peek(id)?.state === 'expired');
    const { fetch, asked, fail } = upstream();
    const asking = cache.readThrough(id, fetch);
    asking.catch(() => {});
    await asked(1);
    await until('its window to be over', () => cache.peek(id) === undefined);
    fail(0, new Error('no upstream'));
    await expect(asking).rejects.toThrow('no upstream');
  });

  it('whoever asks after an invalidation gets nothing that began to be fetched before, all of them from one fetch', async () => {
    const { cache } = await openLinked(urlOf(place));
    const [id, tag, { fetch, count, asked, answer }] = [newId(), newTag(), upstream()];
    const early = cache.readThrough(id, fetch);
    await asked(1);
    await cache.invalidate([tag]);
    const late = Array.from({ length: CALLERS }, () => cache.readThrough(id, fetch));
    answer(0, fetched('old', [tag]));
    await early;
    await asked(2);
    answer(1, fetched('new', [tag]));
    // More than there may be: nobody has to wait for them.
    for (let i = 2; i < CALLERS + 5; i++) answer(i, fetched('another', [tag]));
    expect(new Set((await soon(Promise.all(late))).map(served))).toEqual(new Set(['new']));
    expect(count()).toBe(2);
    await until('it to be stored', async () => (await textOf(cache, id)) === 'new');
  });

  it('nor where a tag is so long that it is shortened', async () => {
    const { cache } = await openLinked(urlOf(place));
    const [id, tag, { fetch, asked, answer }] = [newId(), namedTag('long '.repeat(50)), upstream()];
    const early = cache.readThrough(id, fetch);
    await asked(1);
    await cache.invalidate([tag]);
    const late = cache.readThrough(id, async () => fetched('new', [tag]));
    answer(0, fetched('old', [tag]));
    expect(served(await early)).toBe('old');
    expect(served(await late)).toBe('new');
  });

  it('what began to be fetched before an invalidation of its tag is not stored', async () => {
    const { cache } = await openLinked(urlOf(place));
    const [id, tag, { fetch, count, asked, answer }] = [newId(), newTag(), upstream()];
    const early = cache.readThrough(id, fetch);
    await asked(1);
    await cache.invalidate([tag]);
    answer(0, fetched('old', [tag]));
    expect(served(await early)).toBe('old');
    const next = cache.readThrough(id, fetch);
    await asked(2);
    answer(1, fetched('new', [tag]));
    expect(served(await next)).toBe('new');
    expect(count()).toBe(2);
  });

  it('an invalidation of something else disturbs nobody', async () => {
    const { cache } = await openLinked(urlOf(place));
    const [id, { fetch, count, asked, answer }] = [newId(), upstream()];
    const early = cache.readThrough(id, fetch);
    await asked(1);
    await cache.invalidate([newTag()]);
    const late = cache.readThrough(id, fetch);
    answer(0, fetched('new', [newTag()]));
    expect((await Promise.all([early, late])).map(served)).toEqual(['new', 'new']);
    expect(count()).toBe(1);
  });

  it('what was invalidated and is fetched anew in the background is not stored when it began before', async () => {
    const { cache } = await openLinked(urlOf(place));
    const tag = newTag();
    const { id } = await storeAndWait(cache, 'stale', [tag]);
    const { fetch, asked, answer } = upstream();
    await cache.readThrough(id, fetch);
    await asked(1);
    await cache.invalidate([tag]);
    answer(0, fetched('from before', [tag]));
    expect(served(await cache.readThrough(id, async () => fetched('from after', [tag])))).toBe('from after');
    await until('it to be stored', async () => (await textOf(cache, id)) === 'from after');
  });
});

it('nobody ever gets what was invalidated before they asked, in whatever order it all happens', async () => {
  const steps = fc.array(fc.constantFrom('ask', 'ask', 'mutate', 'land', 'mutate another'), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(steps, async (made) => {
      const { cache } = openCache(undefined);
      const [id, tag] = [newId(), newTag()];
      let version = 0;
      const landings: (() => void)[] = [];
      const fetch = (): Promise<Fetched> => {
        const began = version;
        return new Promise((resolve) => {
          landings.push(() => resolve(fetched(String(began), [tag])));
        });
      };
      const asked: { readonly since: number; readonly answer: Promise<Served<Fetched>> }[] = [];
      for (const step of made) {
        if (step === 'ask') asked.push({ since: version, answer: cache.readThrough(id, fetch) });
        if (step === 'mutate') {
          version++;
          void cache.invalidate([tag]);
        }
        if (step === 'mutate another') void cache.invalidate([newTag()]);
        if (step === 'land') landings.shift()?.();
        await turn();
      }
      let open = asked.length;
      for (const { answer } of asked) void answer.then(() => open--);
      while (open > 0) {
        landings.shift()?.();
        await turn();
      }
      for (const { since, answer } of asked) expect(Number(served(await answer))).toBeGreaterThanOrEqual(since);
      expect(Number((await textOf(cache, id)) ?? version)).toBe(version);
    }),
    { numRuns: 200 },
  );
});

describe('over several processes', () => {
  let gateways: Gateways;
  beforeAll(async () => {
    gateways = await startGateways(2);
    await gateways.start({
      url: server.url,
      upstreamUrl: server.url,
      entities: 1,
      readers: 0,
      writers: 0,
      maxDelayMs: 0,
    });
    await gateways.recovered();
  });
  afterAll(() => gateways?.close());

  async function stampede(id: string): Promise<void> {
    const order = { do: 'stampede', id, at: Date.now() + 200, count: CALLERS, fetchMs: 100 } as const;
    const reports = await gateways.all<{ fetches: number; values: string[] }>(order);
    const fetches = reports.reduce((sum, report) => sum + report.fetches, 0);
    expect(fetches).toBeGreaterThanOrEqual(1);
    expect(fetches).toBeLessThanOrEqual(2);
    expect(reports.map(({ values }) => values)).toEqual([['fetched'], ['fetched']]);
  }

  it(`${CALLERS} callers in each of two fetch at most twice what is nowhere`, async () => {
    for (let i = 0; i < 5; i++) await stampede(newId());
  });

  it(`${CALLERS} callers in each of two fetch at most twice what is expired`, async () => {
    const { cache } = await openLinked(server.url);
    for (let i = 0; i < 5; i++) await stampede((await storeAndWait(cache, 'expired')).id);
  });

  it('one process fetches while the other waits, and gets it from there', async () => {
    const [{ cache: one }, { cache: other }] = [await openLinked(server.url), await openLinked(server.url)];
    const [id, { fetch, asked, answer }] = [newId(), upstream()];
    const first = one.readThrough(id, fetch);
    await asked(1);
    const notAsked = vi.fn(fetch);
    const second = other.readThrough(id, notAsked);
    await turn();
    answer(0, fetched('new'));
    expect(served(await first)).toBe('new');
    expect(await second).toMatchObject({ from: 'cache', hit: { value: Buffer.from('new') } });
    expect(notAsked).not.toHaveBeenCalled();
  });

  it('the other fetches by itself where the first has failed', async () => {
    const [{ cache: one }, { cache: other }] = [await openLinked(server.url), await openLinked(server.url)];
    const [id, { fetch, asked, fail }] = [newId(), upstream()];
    const first = one.readThrough(id, fetch).catch(String);
    await asked(1);
    const second = other.readThrough(id, async () => fetched('new'));
    fail(0, new Error('no upstream'));
    expect(await first).toBe('Error: no upstream');
    expect(await soon(second)).toMatchObject({ from: 'fetch' });
  });

  it('nobody waits for a process that has died while it was fetching, once its time is over', async () => {
    const { cache, shared } = await openLinked(server.url);
    const id = newId();
    expect(await shared.claim(lockKey(id), 300, 'dead')).toBe(true);
    expect(await soon(cache.readThrough(id, async () => fetched('new')))).toMatchObject({ from: 'fetch' });
  });

  it('what is stale is fetched anew by one process, and the other takes it over', async () => {
    const [{ cache: one }, { cache: other }] = [await openLinked(server.url), await openLinked(server.url)];
    const { id } = await storeAndWait(one, 'stale');
    const { fetch, asked, answer } = upstream();
    expect(served(await one.readThrough(id, fetch))).toBe('old');
    await asked(1);
    const notAsked = vi.fn(fetch);
    expect(served(await other.readThrough(id, notAsked))).toBe('old');
    answer(0, fetched('new'));
    await until('the other to have the new one', async () => {
      const answered = await other.readThrough(id, notAsked);
      return served(answered) === 'new';
    });
    expect(notAsked).not.toHaveBeenCalled();
  });

  it('whoever asks after another process has invalidated it gets nothing from before', async () => {
    const [{ cache: one }, { cache: other }] = [await openLinked(server.url), await openLinked(server.url)];
    const [id, tag, witness, { fetch, asked, answer }] = [newId(), newTag(), newId(), upstream()];
    await put(one, witness, 'x', [tag]);
    const early = one.readThrough(id, fetch);
    await asked(1);
    expect((await other.invalidate([tag])).delivered).toBe(true);
    await until('the first to hear of it', () => one.peek(witness) === undefined);
    const late = one.readThrough(id, fetch);
    answer(0, fetched('old', [tag]));
    await early;
    await asked(2);
    answer(1, fetched('new', [tag]));
    expect(served(await late)).toBe('new');
  });

  it('without Redis each process fetches by itself, at once', async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.close());
    const options = { commandTimeoutMs: 100, timeoutMs: 100 };
    const caches = [await openLinked(redis.url, options), await openLinked(redis.url, options)];
    await redis.kill();
    const id = newId();
    let fetches = 0;
    const fetch = async (): Promise<Fetched> => fetched(`fetch ${++fetches}`);
    const answers = caches.flatMap(({ cache }) => Array.from({ length: 50 }, () => cache.readThrough(id, fetch)));
    await soon(Promise.all(answers));
    expect(fetches).toBe(2);
  });
});
