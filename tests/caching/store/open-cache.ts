import { onTestFinished } from 'vitest';
import {
  createCacheStore,
  type CacheEvent,
  type CacheStore,
  type CacheStoreOptions,
  type Lifetime,
} from '../../../plugins/caching/store/index.ts';
import type { Tag } from '../../../plugins/caching/tags/tag.ts';
import { connectRedis, type SharedStore } from '../../../plugins/redis/index.ts';
import { until } from '../../harness/until.ts';
import { recordingLogger } from '../../redis/recording-logger.ts';

/** A time limit for machines that are busy with other tests. */
const PATIENT_MS = 2000;

export const LONG: Lifetime = { ttlMs: 60_000 };

export interface OpenedCache {
  readonly cache: CacheStore;
  readonly shared: SharedStore;
  readonly events: readonly CacheEvent[];
}

export interface OpenOptions extends Omit<CacheStoreOptions, 'shared' | 'onEvent'> {
  readonly commandTimeoutMs?: number;
}

/** A cache as one gateway process holds it, in memory alone without a `url`; closed when the test is finished. */
export function openCache(
  url: string | undefined,
  { commandTimeoutMs = PATIENT_MS, timeoutMs = PATIENT_MS, ...options }: OpenOptions = {},
): OpenedCache {
  const shared = connectRedis({ url, commandTimeoutMs, log: recordingLogger().log });
  const events: CacheEvent[] = [];
  const cache = createCacheStore({ ...options, shared, timeoutMs, onEvent: (event) => void events.push(event) });
  onTestFinished(async () => {
    await cache.close();
    await shared.close();
  });
  return { cache, shared, events };
}

/** One that hears the others: before that, it keeps nothing in its memory. */
export async function openLinked(url: string | undefined, options?: OpenOptions): Promise<OpenedCache> {
  const opened = openCache(url, options);
  await linked(opened.cache);
  return opened;
}

export async function linked(cache: CacheStore): Promise<void> {
  await until('the cache to hear the other processes', async () => {
    await cache.read([]);
    return cache.status().l2 === 'linked' || cache.status().l2 === 'off';
  });
}

/** Stores a text as one does that has just been fetched, and says whether it was stored. */
export async function put(
  cache: CacheStore,
  id: string,
  text: string,
  tags: readonly Tag[] = [],
  lifetime: Lifetime = LONG,
): Promise<boolean | undefined> {
  const { snapshot } = await cache.read([]);
  const [stored] = await cache.write(snapshot, [{ id, value: Buffer.from(text), tags, ...lifetime }]);
  return stored;
}

/** The text that is found under an id, in whichever tier and state. */
export async function textOf(cache: CacheStore, id: string): Promise<string | undefined> {
  const { hits } = await cache.read([id]);
  return hits.get(id)?.value.toString();
}
