import { expect, onTestFinished, test } from 'vitest';
import { until } from '../../../harness/until.ts';
import { saidAt } from '../recorder.ts';
import { nothingLeft, openHouse } from './house.ts';
import { isOpen, numbersOf, problemsOf, startProcess, type GatewayProcess, type Listener } from './processes.ts';

/** Steps in a row; more of them with SHARED_STEPS, others with SHARED_SEED. */
const STEPS = Number(process.env['SHARED_STEPS'] ?? 40);
const SEED = Number(process.env['SHARED_SEED'] ?? 1);
const PROCESSES = 3;
const LISTENERS = 3;
/** In ms; short, so that leases are lost for no reason as well. */
const LEASE = 300;

/** Numbers from 0 to 1, the same for a seed (mulberry32). */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

test(
  `whoever joins, leaves, stands still or is killed, and whatever becomes of Redis: nobody has a gap or hears twice (seed ${SEED})`,
  { timeout: 30_000 + STEPS * 1_000 },
  async () => {
    const house = await openHouse();
    onTestFinished(() => house[Symbol.asyncDispose]());
    const { subgraph, redis, client } = house;
    const random = chance(SEED);
    const pick = <Item>(items: readonly Item[]): Item | undefined => items[Math.floor(random() * items.length)];
    const all: GatewayProcess[] = [];
    const everybody: Listener[] = [];
    let alive: GatewayProcess[] = [];
    const listening = new Map<Listener, GatewayProcess>();
    let said = 0;
    onTestFinished(async () => void (await Promise.all(all.map((one) => one.kill()))));

    async function start(): Promise<void> {
      const one = await startProcess(redis.url, LEASE);
      all.push(one);
      alive.push(one);
    }

    function say(count: number): void {
      for (let number = 0; number < count; number++) subgraph.say('count', String(++said));
    }

    function join(one: GatewayProcess | undefined): void {
      if (!one || [...listening.values()].filter((of) => of === one).length === LISTENERS) return;
      const listener = one.open(saidAt(subgraph.url, 'count'));
      everybody.push(listener);
      listening.set(listener, one);
    }

    const settled = (): Promise<unknown> =>
      until('some to be open', () => [...listening.keys()].some(isOpen) || listening.size === 0);

    const steps: Record<string, readonly [weight: number, does: () => unknown]> = {
      say: [8, () => say(1 + Math.floor(random() * 20))],
      settle: [4, settled],
      join: [5, () => join(pick(alive))],
      leave: [
        3,
        () => {
          const listener = pick([...listening.keys()]);
          listener?.giveUp();
          if (listener) listening.delete(listener);
        },
      ],
      kill: [
        1,
        async () => {
          const one = pick(alive);
          alive = alive.filter((other) => other !== one);
          await one?.kill();
          for (const [listener, of] of listening) if (of === one) listening.delete(listener);
          await start();
        },
      ],
      pause: [
        1,
        async () => {
          const one = pick(alive);
          one?.pause();
          const end = performance.now() + random() * 3 * LEASE;
          while (performance.now() < end) {
            say(1);
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
          one?.resume();
        },
      ],
      cut: [1, () => client.client('KILL', 'TYPE', 'pubsub').catch(() => {})],
      restart: [1, () => redis.restart()],
      flush: [1, () => client.flushall().catch(() => {})],
    };
    const names = Object.entries(steps).flatMap(([name, [weight]]) => Array<string>(weight).fill(name));

    await Promise.all(Array.from({ length: PROCESSES }, start));
    for (const one of alive) join(one);
    const history: string[] = [];
    for (let step = 0; step < STEPS; step++) {
      const name = pick(names) ?? 'say';
      history.push(name);
      await steps[name]?.[1]();
      await new Promise((resolve) => setTimeout(resolve, random() * 20));
    }

    join(alive[0]);
    const kept = [...listening.keys()];
    await until('one to be left', async () => {
      const served = subgraph.listeners('count') === 1 && kept.every(isOpen);
      return served && (await client.keys('*')).length === 1;
    });
    say(1);
    await until('all to hear the last', () => {
      if (kept.every(({ runs }) => numbersOf(runs.at(-1) ?? []).at(-1) === said)) return true;
      // One may have lost it just then.
      say(1);
      return false;
    });
    const problems = everybody.flatMap(({ runs }) => runs.flatMap(problemsOf));
    expect(problems, history.join(' ')).toEqual([]);
    for (const left of await Promise.all(alive.map((one) => one.close()))) {
      expect(left).toEqual({ connections: 0, subscriptions: 0 });
    }
    await nothingLeft(client, subgraph);
  },
);
