import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startRedis, type RedisServer } from '../../harness/redis.ts';
import { until } from '../../harness/until.ts';
import { composedReads, tagOf, WAYS, type Composed, type Way } from './composed-reads.ts';
import { openHindered, type HinderedCache } from './hindered-store.ts';

/** How long everything runs at once, in ms. */
const RUN_MS = Number(process.env['CACHE_COMPOSED_MS'] ?? 2500);
const PROCESSES = 3;
const ENTITIES = 24;
/** Of so many an answer is made. */
const GROUP = 3;
/** In each process. */
const READERS = 4;
const WRITERS = 5;
/** The longest delay on the way to Redis, back, and of announcements, in ms. */
const DELAY_MS = 10;
/** The longest that a call to a subgraph takes in one direction. */
const CALL_MS = 30;
/** The longest that a subscription stands, or does not. */
const STANDING_MS = 200;
/** Of all commands, so many are carried out and not answered. */
const LOST = 0.005;

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis?.close());

interface Process extends HinderedCache {
  readonly read: (way: Way, of: readonly number[]) => Promise<Composed>;
  /** Of each entity, the last version whose invalidation this process has acknowledged. */
  readonly acknowledged: number[];
}

const random = (below: number): number => Math.random() * below;
const index = (below: number): number => Math.floor(random(below));

/** The entities of an answer that has this one. */
function groupOf(entity: number): readonly number[] {
  const first = entity - (entity % GROUP);
  return Array.from({ length: GROUP }, (_, i) => first + i);
}

/** What comes in later comes out later, as over a connection. */
function connection(): () => Promise<unknown> {
  let last: Promise<unknown> = Promise.resolve();
  return () => {
    const own = Math.random() < 0.3 ? sleep(random(DELAY_MS)) : undefined;
    last = last.then(() => own);
    return last;
  };
}

function open(upstream: readonly number[]): Process {
  const [sent, answered, heard] = [connection(), connection(), connection()];
  const opened = openHindered(redis.url, { sent, answered, heard, isLost: () => Math.random() < LOST });
  const read = composedReads(opened.cache, upstream, () => random(CALL_MS));
  return { ...opened, read, acknowledged: upstream.map(() => 0) };
}

it(
  'no process gives what was made of anything older than it has acknowledged, whoever made it, and however',
  async () => {
    const upstream = Array.from({ length: ENTITIES }, () => 0);
    const processes = Array.from({ length: PROCESSES }, () => open(upstream));
    const stale: string[] = [];
    const from = { l1: 0, l2: 0, fetch: 0 };
    let writes = 0;
    let running = true;

    async function read({ read: readComposed, acknowledged }: Process, entity = index(ENTITIES)): Promise<void> {
      const known = [...acknowledged];
      const way = WAYS[index(WAYS.length)] ?? 'both';
      const of = groupOf(entity);
      const { versions, from: tier } = await readComposed(way, of);
      from[tier]++;
      for (const [i, one] of of.entries()) {
        const [version, least] = [versions[i] ?? 0, known[one] ?? 0];
        if (version < least) stale.push(`${one} as ${version} after ${least}, composed of ${way}, from ${tier}`);
      }
    }

    async function write({ cache, acknowledged }: Process): Promise<void> {
      const entity = index(ENTITIES);
      const version = (upstream[entity] ?? 0) + 1;
      upstream[entity] = version;
      await cache.invalidate([tagOf(entity)]);
      writes++;
      acknowledged[entity] = Math.max(acknowledged[entity] ?? 0, version);
      await Promise.all(processes.map((one) => read(one, entity)));
      await sleep(random(40));
    }

    async function lose({ store }: Process): Promise<void> {
      await sleep(random(STANDING_MS));
      store.cut();
      await sleep(random(STANDING_MS));
      store.mend();
    }

    const loop = async (step: () => Promise<void>): Promise<void> => {
      while (running) {
        await step();
        // Reads from L1 alone would never let anything else happen.
        await turn();
      }
    };
    const loops = processes.flatMap((one) => [
      ...Array.from({ length: READERS }, () => loop(() => read(one).then(() => sleep(random(10))))),
      ...Array.from({ length: WRITERS }, () => loop(() => write(one))),
      loop(() => lose(one)),
    ]);
    await sleep(RUN_MS);
    running = false;
    await Promise.all(loops);
    expect(stale).toEqual([]);
    await until('all to hear each other, and to have delivered', async () => {
      await Promise.all(processes.map(({ cache }) => cache.read([])));
      return processes.every(({ cache }) => cache.status().l2 === 'linked' && cache.status().undelivered === 0);
    });
    for (const { read: readComposed } of processes) {
      for (const way of WAYS) {
        for (let entity = 0; entity < ENTITIES; entity += GROUP) {
          const of = groupOf(entity);
          expect((await readComposed(way, of)).versions).toEqual(of.map((one) => upstream[one]));
        }
      }
    }
    // Or it would show nothing.
    for (const count of [from.l2, from.fetch, writes]) expect(count).toBeGreaterThan(20);
  },
  RUN_MS + 60_000,
);
