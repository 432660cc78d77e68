import { setTimeout as sleep } from 'node:timers/promises';
import { textOf, type CacheStore } from '../../../plugins/caching/store/index.ts';
import { namedTag, type Tag } from '../../../plugins/caching/tags/tag.ts';

/** What is upstream: entities by their numbers, each with a version that only grows. */
export type Versions = readonly number[];

/** How an answer with the versions of some entities is put together. */
export const WAYS = ['entities', 'roots', 'both', 'calls'] as const;
export type Way = (typeof WAYS)[number];

export interface Composed {
  readonly versions: Versions;
  readonly from: 'l1' | 'l2' | 'fetch';
}

const LIFETIME = { ttlMs: 60_000 };

export const tagOf = (entity: number): Tag => namedTag(`entity ${entity}`);

/**
 * Reads answers that are kept as a whole, and are made of entities and root fields that are kept too and of calls that are
 * shared while they are under way: as `useCaching` and `useUpstream` do.
 *
 * @param pauseMs how long a call takes on its way there, or back
 */
export function composedReads(
  cache: CacheStore,
  upstream: Versions,
  pauseMs: () => number,
): (way: Way, of: readonly number[]) => Promise<Composed> {
  const calls = new Map<string, Promise<number>>();

  async function send(entity: number): Promise<number> {
    await sleep(pauseMs());
    const version = upstream[entity] ?? NaN;
    await sleep(pauseMs());
    return version;
  }

  function call(entity: number): Promise<number> {
    const key = `${entity} not before ${cache.position()}`;
    const underWay = calls.get(key) ?? send(entity).finally(() => calls.delete(key));
    calls.set(key, underWay);
    return underWay;
  }

  async function root(entity: number): Promise<number> {
    const served = await cache.readThrough(`root ${entity}`, async () => ({
      value: String(await call(entity)),
      tags: [tagOf(entity)],
      lifetime: LIFETIME,
    }));
    return Number(textOf(served.from === 'cache' ? served.hit.value : served.fetched.value));
  }

  async function entities(wanted: readonly number[]): Promise<readonly number[]> {
    const ids = wanted.map((entity) => `entity ${entity}`);
    const { hits, snapshot } = await cache.read(ids);
    const found = ids.map((id) => hits.get(id));
    const versions = await Promise.all(
      wanted.map(async (entity, i) => (found[i] ? Number(textOf(found[i].value)) : call(entity))),
    );
    const entries = wanted.flatMap((entity, i) =>
      found[i] ? [] : [{ id: ids[i] ?? '', value: String(versions[i]), tags: [tagOf(entity)], ...LIFETIME }],
    );
    if (entries.length > 0) void cache.write(snapshot, entries);
    return versions;
  }

  async function compose(way: Way, of: readonly number[]): Promise<Versions> {
    switch (way) {
      case 'entities':
        return entities(of);
      case 'roots':
        return Promise.all(of.map(root));
      case 'both':
        return [...(await Promise.all(of.slice(0, 1).map(root))), ...(await entities(of.slice(1)))];
      case 'calls':
        return Promise.all(of.map(call));
    }
  }

  return async (way, of) => {
    const served = await cache.readThrough(`${way} ${of.join(' ')}`, async () => ({
      value: JSON.stringify(await compose(way, of)),
      tags: of.map(tagOf),
      lifetime: LIFETIME,
    }));
    const value = served.from === 'cache' ? served.hit.value : served.fetched.value;
    const versions = JSON.parse(textOf(value)) as Versions;
    return { versions, from: served.from === 'cache' ? served.hit.tier : 'fetch' };
  };
}
