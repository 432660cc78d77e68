import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Snapshot } from '../../../plugins/caching/store/index.ts';
import { namedTag, type Tag } from '../../../plugins/caching/tags/tag.ts';
import { startRedis, type RedisServer } from '../../harness/redis.ts';
import { until } from '../../harness/until.ts';
import { openHindered, type HinderedCache, type Hindrances } from './hindered-store.ts';
import { linked, LONG, put, textOf } from './open-cache.ts';

// What is stored may be made of what the cache held, or of a fetch that had begun before. Here one process is busy or
// deaf just then, so that it knows less than Redis does.

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server?.close());

let names = 0;
const newId = (): string => `id ${++names}`;
const newTag = (): Tag => namedTag(`tag ${++names}`);

/** A process that hears the others. */
async function open(hindrances?: Hindrances): Promise<HinderedCache> {
  const opened = openHindered(server.url, hindrances);
  await linked(opened.cache);
  return opened;
}

/** What can be held, and passes all until it is. */
function gate() {
  let held: PromiseWithResolvers<void> | undefined;
  return {
    hold: () => void (held ??= Promise.withResolvers()),
    release: () => {
      held?.resolve();
      held = undefined;
    },
    passed: () => held?.promise,
  };
}

/** Whether what was under way at `position` can become a part of what is stored by a snapshot. */
async function mayBePartOf(
  { cache }: HinderedCache,
  position: number,
  snapshot: Snapshot,
  tags: readonly Tag[],
): Promise<boolean> {
  // Who fetches joins others who began at the same position.
  if (cache.position() !== position) return false;
  const entry = { id: newId(), value: 'made of what was under way', tags, ...LONG };
  return (await cache.write(snapshot, [entry])).includes(true);
}

it.each(['is deaf', 'has just come to hear'])(
  'nothing is stored that was made of what was being removed at the time, by a process that %s',
  async (state) => {
    const removal = gate();
    const commands: string[] = [];
    const other = await open({
      sent(command) {
        commands.push(command);
        return command === 'cache drop' ? removal.passed() : undefined;
      },
    });
    const { cache, store } = await open();
    const [part, whole, tag] = [newId(), newId(), newTag()];
    await put(other.cache, part, 'old', [tag]);
    store.cut();
    removal.hold();
    const invalidating = other.cache.invalidate([tag]);
    await until('the removal to begin', () => commands.includes('cache drop'));
    if (state === 'has just come to hear') {
      store.mend();
      await linked(cache);
    }
    const { snapshot } = await cache.read([whole]);
    const made = `made of ${await textOf(cache, part)}`;
    expect(made).toBe('made of old');
    removal.release();
    expect((await invalidating).delivered).toBe(true);

    expect(await cache.write(snapshot, [{ id: whole, value: made, tags: [tag], ...LONG }])).toEqual([false]);
    for (const { cache: each } of [other, { cache }]) expect(await textOf(each, whole)).toBeUndefined();
  },
);

it('nothing is stored that was made of what a deaf process began to fetch before an invalidation', async () => {
  const [other, deaf] = [await open(), await open()];
  const tag = newTag();
  deaf.store.cut();
  await deaf.cache.read([]);
  for (let i = 0; i < 3; i++) {
    const position = deaf.cache.position();
    await other.cache.invalidate([tag]);
    const { snapshot } = await deaf.cache.read([]);
    expect(deaf.cache.status().l2).toBe('cut');
    expect(await mayBePartOf(deaf, position, snapshot, [tag])).toBe(false);
  }
});

it('nor by one that comes to hear before it has heard of that invalidation', async () => {
  const [asking, hearing] = [gate(), gate()];
  const other = await open();
  const late = await open({
    sent: (command) => (command === 'cache lookup' ? asking.passed() : undefined),
    heard: hearing.passed,
  });
  const tag = newTag();
  late.store.cut();
  await late.cache.read([]);
  asking.hold();
  late.store.mend();
  const position = late.cache.position();
  hearing.hold();
  await other.cache.invalidate([tag]);
  asking.release();
  await until('it to stand', () => late.cache.status().l2 === 'linked');
  const { snapshot } = await late.cache.read([]);
  expect(await mayBePartOf(late, position, snapshot, [tag])).toBe(false);
});

it('nor by one that becomes deaf while it waits to hear of it', async () => {
  const hearing = gate();
  let isReading = false;
  const other = await open();
  const lost = await open({
    heard: hearing.passed,
    answered(command) {
      // Just after the answer.
      if (isReading && command === 'cache lookup') void turn().then(hearing.release);
      return undefined;
    },
  });
  const tag = newTag();
  const position = lost.cache.position();
  hearing.hold();
  lost.store.cut();
  await other.cache.invalidate([tag]);
  expect(lost.cache.status().l2).toBe('linked');
  isReading = true;
  const { snapshot } = await lost.cache.read([]);
  expect(lost.cache.status().l2).toBe('cut');
  expect(await mayBePartOf(lost, position, snapshot, [tag])).toBe(false);
});
