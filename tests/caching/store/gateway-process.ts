import { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import { createCacheStore, type CacheStore } from '../../../plugins/caching/store/index.ts';
import { CHANNEL } from '../../../plugins/caching/store/redis/keys.ts';
import type { Tag } from '../../../plugins/caching/tags/tag.ts';
import { connectRedis, type SharedStore } from '../../../plugins/redis/index.ts';
import type { Acknowledged, Order, Read, Report, Run } from './gateways.ts';

/** A gateway process, as far as the cache goes: reads, fetches, stores, mutates and invalidates, by many requests at once. */

const LIFETIME = { ttlMs: 60_000 };

let stop: (() => Promise<Report>) | undefined;
let cache: CacheStore | undefined;
let shared: SharedStore | undefined;
let upstream: Redis | undefined;

process.on('message', (order: Order) => {
  obey(order).then(
    (answer) => process.send?.(answer),
    (error: unknown) => {
      throw error;
    },
  );
});
process.send?.('up');

async function obey(order: Order): Promise<unknown> {
  switch (order.do) {
    case 'start':
      stop = await start(order.run);
      return 'started';
    case 'stop':
      return stop?.();
    case 'status':
      // Something has to be asked for to find out.
      await cache?.read([]);
      return cache?.status();
    case 'read': {
      const { hits } = (await cache?.read([`entity ${order.entity}`])) ?? { hits: new Map() };
      return Number(hits.get(`entity ${order.entity}`)?.value ?? Infinity);
    }
    case 'stampede':
      return stampede(order);
  }
}

async function start({
  url,
  upstreamUrl,
  entities,
  readers,
  writers,
  maxDelayMs,
}: Run): Promise<() => Promise<Report>> {
  const origin = new Redis(upstreamUrl);
  const store = connectRedis({ url, log: { info() {}, warn() {}, error() {} } });
  const undelivered: { entity: number; version: number }[] = [];
  const acknowledged: Acknowledged[] = [];
  const opened = createCacheStore({
    shared: store,
    timeoutMs: 100,
    onEvent(event) {
      if (event.type !== 'undelivered' || event.tags > 0) return;
      for (const late of undelivered.splice(0)) acknowledged.push({ ...late, at: clock() });
    },
  });
  [cache, shared, upstream] = [opened, store, origin];
  const heard = new Map<number, number>();
  const reads: Read[] = [];
  const heardAndServed: Read[] = [];
  const errors: string[] = [];
  const from = { l1: 0, l2: 0, fetch: 0 };
  let longestWaitMs = 0;
  let running = true;

  await opened.read([]);
  // After the cache, which is told first.
  await store.subscribe(CHANNEL, (message) => {
    for (const [, entity, version] of message.matchAll(/@(\d+)=(\d+)/gu)) hear(Number(entity), Number(version));
  });
  const hear = (entity: number, version: number): void =>
    void heard.set(entity, Math.max(heard.get(entity) ?? 0, version));

  const random = (below: number): number => Math.floor(Math.random() * below);
  const delay = (): Promise<unknown> => (Math.random() < 0.5 ? Promise.resolve() : sleep(random(maxDelayMs + 1)));
  const idOf = (entity: number): string => `entity ${entity}`;
  const tagsOf = (entity: number): Tag[] => [`tag:entity ${entity}`, 'type:Entity'] as Tag[];

  async function fetchVersion(entity: number): Promise<Buffer> {
    await delay();
    const version = (await origin.get(idOf(entity))) ?? '0';
    await delay();
    return Buffer.from(version);
  }

  /** Through L2 whenever L1 has not got it: what was acknowledged before it began is not read any more. */
  async function readDirectly(entity: number): Promise<void> {
    const [beganAt, known] = [clock(), heard.get(entity) ?? 0];
    const { hits, snapshot } = await opened.read([idOf(entity), idOf((entity + 1) % entities)]);
    longestWaitMs = Math.max(longestWaitMs, clock() - beganAt);
    const hit = hits.get(idOf(entity));
    if (hit === undefined) {
      from.fetch++;
      const value = await fetchVersion(entity);
      await opened.write(snapshot, [{ id: idOf(entity), value, tags: tagsOf(entity), ...LIFETIME }]);
      return;
    }
    from[hit.tier]++;
    const read: Read = { entity, version: Number(hit.value), beganAt };
    if (hit.tier === 'l2' && opened.status().l2 !== 'away') reads.push(read);
    if (read.version < known) heardAndServed.push(read);
  }

  /** May be shared with who began earlier in this process: what it had heard of by then is not read any more. */
  async function readThrough(entity: number): Promise<void> {
    const [beganAt, known] = [clock(), heard.get(entity) ?? 0];
    const served = await opened.readThrough(idOf(entity), async () => ({
      value: await fetchVersion(entity),
      tags: tagsOf(entity),
      lifetime: LIFETIME,
    }));
    const value = served.from === 'cache' ? served.hit.value : served.fetched.value;
    from[served.from === 'cache' ? served.hit.tier : 'fetch']++;
    const read: Read = { entity, version: Number(value), beganAt };
    if (read.version < known) heardAndServed.push(read);
  }

  async function mutate(): Promise<void> {
    const isAll = random(8) === 0;
    const changed = isAll ? [...Array(entities).keys()] : [random(entities)];
    const versions = await Promise.all(
      changed.map(async (entity) => ({ entity, version: await origin.incr(idOf(entity)) })),
    );
    await delay();
    const marks = versions.map(({ entity, version }) => `tag:@${entity}=${version}`);
    const tags = isAll ? ['type:Entity'] : changed.map((entity) => `tag:entity ${entity}`);
    const under = opened.invalidate([...tags, ...marks] as Tag[]);
    for (const { entity, version } of versions) hear(entity, version);
    const { delivered } = await under;
    if (delivered) acknowledged.push(...versions.map((one) => ({ ...one, at: clock() })));
    else undelivered.push(...versions);
  }

  const loop = async (step: () => Promise<void>): Promise<void> => {
    while (running) {
      await step().catch((error: unknown) => errors.push(String(error)));
      await delay();
      // Reads from L1 alone would never let anything else happen.
      await new Promise(setImmediate);
    }
  };
  const loops = [
    ...Array.from({ length: readers }, (_, i) => loop(() => (i % 2 ? readThrough : readDirectly)(random(entities)))),
    ...Array.from({ length: writers }, () => loop(mutate)),
  ];
  return async () => {
    running = false;
    await Promise.all(loops);
    return { reads, acknowledged, heardAndServed, errors, longestWaitMs, from };
  };
}

/** Gives how often this process fetched, and what all its callers got. */
async function stampede({ id, at, count, fetchMs }: Extract<Order, { do: 'stampede' }>): Promise<unknown> {
  await sleep(at - Date.now());
  let fetches = 0;
  const fetch = async () => {
    fetches++;
    await sleep(fetchMs);
    return { value: Buffer.from('fetched'), tags: [], lifetime: LIFETIME };
  };
  const served = await Promise.all(Array.from({ length: count }, async () => cache?.readThrough(id, fetch)));
  const values = served.map((one) => (one?.from === 'fetch' ? one.fetched.value : one?.hit.value)?.toString());
  return { fetches, values: [...new Set(values)] };
}

/** The same in all processes of a machine. */
function clock(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

process.once('disconnect', () => {
  void cache?.close();
  void shared?.close();
  upstream?.disconnect();
});
