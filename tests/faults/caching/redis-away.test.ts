import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { CHANNEL } from '../../../plugins/caching/store/redis/keys.ts';
import { namedTag } from '../../../plugins/caching/tags/tag.ts';
import { connectRedis } from '../../../plugins/redis/index.ts';
import { startRedis, type RedisServer } from '../../harness/redis.ts';
import { until } from '../../harness/until.ts';
import { recordingLogger } from '../../redis/recording-logger.ts';
import { redisCli } from '../../redis/redis-cli.ts';
import {
  linked,
  LONG,
  openCache,
  openLinked,
  put,
  textOf,
  type OpenedCache,
  type OpenOptions,
} from '../../caching/store/open-cache.ts';

const TIMEOUT_MS = 100;
/** The command timeout, and what a machine that is busy with other tests adds to it. */
const WITHIN_MS = TIMEOUT_MS + 400;
const LIMITED: OpenOptions = { commandTimeoutMs: TIMEOUT_MS, timeoutMs: TIMEOUT_MS };
const TAG = namedTag('held');
const OTHER_TAG = namedTag('other');

let server: RedisServer;
let one: OpenedCache;
let other: OpenedCache;
beforeEach(async () => {
  server = await startRedis();
});
afterEach(async () => {
  server.resume();
  await server.close();
});

/** The outcome of something that must not wait for Redis longer than it may. */
async function inTime<T>(work: () => Promise<T>): Promise<T> {
  const began = performance.now();
  const outcome = await work();
  expect(performance.now() - began).toBeLessThan(WITHIN_MS);
  return outcome;
}

const fetchOf = (text: string) => async () => ({ value: Buffer.from(text), tags: [OTHER_TAG], lifetime: LONG });

describe.each<[string, () => Promise<void> | void, () => Promise<void> | void]>([
  ['is killed', () => server.kill(), () => server.restart()],
  ['hangs', () => server.pause(), () => server.resume()],
])('while Redis %s', (_, away, back) => {
  beforeEach(async () => {
    [one, other] = [await openLinked(server.url, LIMITED), await openLinked(server.url, LIMITED)];
    await put(one.cache, 'held', 'held', [TAG]);
    await put(one.cache, 'kept', 'kept', [OTHER_TAG]);
    expect(await textOf(other.cache, 'held')).toBe('held');
    expect(other.cache.peek('held')).toBeDefined();
    await away();
  });

  it('what is in memory is served, and all else is fetched and kept there, within the command timeout', async () => {
    const { cache } = one;
    for (let round = 0; round < 3; round++) {
      const id = `fetched ${round}`;
      const { hits, snapshot } = await inTime(() => cache.read(['held', id]));
      expect([...hits.keys()]).toEqual(['held']);
      const entry = { id, value: Buffer.from('fetched'), tags: [OTHER_TAG], ...LONG };
      expect(await inTime(() => cache.write(snapshot, [entry]))).toEqual([true]);
      expect(cache.peek(id)).toMatchObject({ tier: 'l1', value: entry.value });
      expect((await inTime(() => cache.read([id]))).hits.get(id)?.tier).toBe('l1');
    }
    expect(cache.status().l2).toBe('away');
  });

  it('reading through gives what is in memory, or what was fetched, once for all who ask', async () => {
    const { cache } = one;
    expect(await inTime(() => cache.readThrough('held', fetchOf('not asked for')))).toMatchObject({
      from: 'cache',
      hit: { tier: 'l1' },
    });
    let fetches = 0;
    const fetch = () => {
      fetches++;
      return fetchOf('fetched')();
    };
    const callers = () => Promise.all(Array.from({ length: 100 }, () => cache.readThrough('missing', fetch)));
    expect(new Set((await inTime(callers)).map(({ from }) => from))).toEqual(new Set(['fetch']));
    await until('it to be kept', () => cache.peek('missing'));
    expect(await inTime(() => cache.readThrough('missing', fetch))).toMatchObject({ from: 'cache' });
    expect(fetches).toBe(1);
    const failing = () => cache.readThrough('failing', () => Promise.reject(new Error('no upstream'))).catch(String);
    expect(await inTime(failing)).toBe('Error: no upstream');
  });

  it('what is expired in memory is served where it cannot be fetched either', async () => {
    const { cache } = one;
    const { snapshot } = await cache.read([]);
    const entry = { id: 'old', value: Buffer.from('old'), tags: [], ttlMs: 30, staleIfErrorMs: 60_000 };
    await cache.write(snapshot, [entry]);
    await until('it to be expired', () => cache.peek('old')?.state === 'expired');
    const answer = await inTime(() => cache.readThrough('old', () => Promise.reject(new Error('no upstream'))));
    expect(answer).toMatchObject({ from: 'cache', hit: { state: 'expired', value: entry.value } });
  });

  it('an invalidation holds here, says that it was not delivered, and is delivered when Redis is back', async () => {
    const { snapshot } = await one.cache.read([]);
    const announced: string[] = [];
    const listener = connectRedis({ url: server.url, log: recordingLogger().log });
    onTestFinished(() => listener.close());
    // It listens when Redis is back.
    void listener.subscribe(CHANNEL, (message) => void announced.push(message));

    expect(await inTime(() => one.cache.invalidate([TAG]))).toEqual({ invalidated: 1, delivered: false });
    expect(one.cache.peek('held')).toBeUndefined();
    expect(await textOf(one.cache, 'held')).toBeUndefined();
    expect(one.cache.peek('kept')).toBeDefined();
    const old = { id: 'held', value: Buffer.from('old'), tags: [TAG], ...LONG };
    expect(await inTime(() => one.cache.write(snapshot, [old]))).toEqual([false]);
    expect(one.cache.status()).toMatchObject({ l2: 'away', undelivered: 1 });
    expect(one.events).toContainEqual({ type: 'undelivered', tags: 1 });

    await back();
    await until('it to be delivered', () => one.cache.status().undelivered === 0);
    expect(one.events.at(-1)).toEqual({ type: 'undelivered', tags: 0 });
    await until('the other to have lost it', () => other.cache.peek('held') === undefined);
    for (const { cache } of [one, other]) {
      await linked(cache);
      expect(await textOf(cache, 'held')).toBeUndefined();
    }
    expect(await put(one.cache, 'held', 'new', [TAG])).toBe(true);
    expect(await textOf(other.cache, 'held')).toBe('new');
  });

  it('an invalidation of what was stored here meanwhile holds, also when all is well again', async () => {
    const { snapshot } = await one.cache.read([]);
    const entry = { id: 'meanwhile', value: Buffer.from('x'), tags: [TAG], ...LONG };
    await one.cache.write(snapshot, [entry]);
    expect((await one.cache.invalidate([TAG])).invalidated).toBe(2);
    await back();
    await until('it to be delivered', () => one.cache.status().undelivered === 0);
    await linked(one.cache);
    expect(await textOf(one.cache, 'meanwhile')).toBeUndefined();
  });

  it('nothing that began to be fetched without Redis is stored there later', async () => {
    const { snapshot } = await one.cache.read(['late']);
    await back();
    await linked(one.cache);
    await linked(other.cache);
    const entry = { id: 'late', value: Buffer.from('x'), tags: [], ...LONG };
    await one.cache.write(snapshot, [entry]);
    expect(await textOf(other.cache, 'late')).toBeUndefined();
  });

  it('closing does not wait for it, though something is undelivered', async () => {
    const { cache } = openCache(server.url, LIMITED);
    await cache.invalidate([TAG]);
    await inTime(() => cache.close());
  });
});

it('while Redis reads and refuses to write, what is invalidated here is not found here, and is gone elsewhere once told', async () => {
  [one, other] = [await openLinked(server.url, LIMITED), await openLinked(server.url, LIMITED)];
  await put(one.cache, 'held', 'held', [TAG]);
  expect(await textOf(other.cache, 'held')).toBe('held');
  await redisCli(server.port, 'CONFIG', 'SET', 'min-replicas-to-write', '1');
  expect(await inTime(() => one.cache.invalidate([TAG]))).toEqual({ invalidated: 1, delivered: false });
  const { cache: elsewhere } = openCache(server.url);
  expect(await textOf(elsewhere, 'held')).toBe('held');
  expect(await textOf(one.cache, 'held')).toBeUndefined();

  await redisCli(server.port, 'CONFIG', 'SET', 'min-replicas-to-write', '0');
  await until('the other to hear of it', () => other.cache.peek('held') === undefined);
  await until('it to be delivered', () => one.cache.status().undelivered === 0);
  for (const { cache } of [one, other]) expect(await textOf(cache, 'held')).toBeUndefined();
  expect(await textOf(elsewhere, 'held')).toBeUndefined();
});

it('a Redis that was started anew takes nothing that began to be fetched before', async () => {
  one = await openLinked(server.url, LIMITED);
  const { snapshot } = await one.cache.read(['x']);
  await server.restart();
  await linked(one.cache);
  const entry = { id: 'x', value: Buffer.from('x'), tags: [], ...LONG };
  expect(await one.cache.write(snapshot, [entry])).toEqual([false]);
  expect(await textOf(one.cache, 'x')).toBeUndefined();
});

it('a gateway that starts without Redis serves from memory, and starts afresh with the others when there is one', async () => {
  await server.kill();
  const { cache, events } = openCache(server.url, LIMITED);
  // Even the first answer.
  expect(await inTime(() => cache.readThrough('x', fetchOf('fetched')))).toMatchObject({ from: 'fetch' });
  await until('it to be kept', () => cache.peek('x'));
  expect(await inTime(() => cache.readThrough('x', fetchOf('not asked for')))).toMatchObject({ from: 'cache' });

  await server.restart();
  await linked(cache);
  expect(events).toContainEqual({ type: 'dropped' });
  expect(cache.peek('x')).toBeUndefined();
  const { cache: another } = await openLinked(server.url);
  await put(cache, 'y', 'y');
  expect(await textOf(another, 'y')).toBe('y');
});
