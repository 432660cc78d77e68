import { describe, test, type TestContext } from 'vitest';
import { until } from '../../../harness/until.ts';
import { saidAt } from '../recorder.ts';
import { LEASE, nothingLeft, openHouse, type House } from './house.ts';
import { isOpen, numbersOf, problemsOf, startProcess, type GatewayProcess, type Listener } from './processes.ts';

interface Scene {
  readonly house: House;
  readonly processes: readonly GatewayProcess[];
  /** Of each process. */
  readonly listeners: readonly Listener[];
  /** Says the next numbers. */
  say(count: number): void;
  /** Resolves when the listeners were told of the last number, each of them by the sink that it has now. */
  caughtUp(listeners?: readonly Listener[]): Promise<unknown>;
  /** What is wrong with what the sinks were told. */
  problems(): string[];
  /** Closes what is alive; resolves when nothing is left. */
  emptied(): Promise<void>;
}

/** Three processes of which each listens, the first of them to the subgraph itself. */
async function scene({ onTestFinished }: Pick<TestContext, 'onTestFinished'>): Promise<Scene> {
  const house = await openHouse();
  onTestFinished(() => house[Symbol.asyncDispose]());
  const { subgraph, redis, client } = house;
  const processes = await Promise.all([1, 2, 3].map(() => startProcess(redis.url, LEASE)));
  onTestFinished(async () => void (await Promise.all(processes.map((one) => one.kill()))));
  const listeners: Listener[] = [];
  for (const one of processes) {
    const listener = one.open(saidAt(subgraph.url, 'count'));
    await until('it to open', () => listener.runs[0]?.length);
    await until('the subgraph to serve it', () => subgraph.listeners('count') > 0);
    listeners.push(listener);
  }
  let last = 0;
  return {
    house,
    processes,
    listeners,
    say(count) {
      for (let said = 0; said < count; said++) subgraph.say('count', String(++last));
    },
    caughtUp: (those = listeners) =>
      until(`all to be told of ${last}`, () => those.every(({ runs }) => numbersOf(runs.at(-1) ?? []).at(-1) === last)),
    problems: () => listeners.flatMap(({ runs }) => runs.flatMap(problemsOf)),
    async emptied() {
      const alive = processes.filter((one) => one.isAlive());
      for (const left of await Promise.all(alive.map((one) => one.close()))) {
        if (left.connections + left.subscriptions > 0) throw new Error(`left: ${JSON.stringify(left)}`);
      }
      await nothingLeft(client, subgraph);
    },
  };
}

describe.concurrent('of three processes that want the same', () => {
  test('one subscribes at the subgraph, and all are told of the same events in order, once', async ({
    expect,
    ...context
  }) => {
    const { house, listeners, say, caughtUp, emptied } = await scene(context);
    // The subgraph holds back no more than 100 at a time.
    for (let burst = 0; burst < 5; burst++) {
      say(100);
      await caughtUp();
    }
    const numbers = Array.from({ length: 500 }, (_, index) => index + 1);
    for (const { runs } of listeners) {
      expect(runs).toHaveLength(1);
      expect(runs[0]?.[0]).toBe('opened');
      expect(numbersOf(runs[0] ?? [])).toEqual(numbers);
    }
    expect(house.subgraph.asked).toHaveLength(1);
    expect(house.subgraph.upgrades).toHaveLength(1);
    await emptied();
  });

  test('two notice within two leases that the one that had it was killed, and one of them takes over', async ({
    expect,
    ...context
  }) => {
    const { house, processes, listeners, say, caughtUp, problems, emptied } = await scene(context);
    const [, ...followers] = listeners;
    say(10);
    await caughtUp();
    await processes[0]?.kill();
    const since = performance.now();
    await until('both to be told', () => followers.every(({ runs }) => runs[0]?.length === 12));
    expect(performance.now() - since).toBeLessThan(2 * LEASE);
    for (const { runs } of followers) {
      expect(runs[0]?.at(-1)).toEqual({ kind: 'lost', reason: 'the process that had it is silent' });
    }
    await until('both to be open', () => followers.every(isOpen));
    await until('the subgraph to serve it', () => house.subgraph.listeners('count') === 1);
    say(10);
    await caughtUp(followers);
    for (const { runs } of followers) expect(runs.at(-1)).toHaveLength(11);
    expect(house.subgraph.asked).toHaveLength(2);
    expect(problems()).toEqual([]);
    await emptied();
  });

  test('the one that had it and stood still for too long is not heard any more, notices it, and follows', async ({
    expect,
    ...context
  }) => {
    const { house, processes, listeners, say, caughtUp, problems, emptied } = await scene(context);
    const [paused, ...followers] = listeners;
    say(10);
    await caughtUp();
    processes[0]?.pause();
    await until('another to take over', () => house.subgraph.listeners('count') === 2);
    await until('both to be open again', () => followers.every((one) => one.runs.length === 2 && isOpen(one)));
    // Also to the one that stands still, in whose socket they wait.
    say(10);
    await caughtUp(followers);
    const before = followers.map(({ runs }) => runs.length);
    processes[0]?.resume();
    await until('it to be told', () => paused?.runs.length === 2);
    expect(paused?.runs[0]?.at(-1)).toEqual({ kind: 'lost', reason: 'another process has it' });
    await until('it to follow', () => paused?.runs[1]?.[0] === 'opened' && house.subgraph.listeners('count') === 1);
    say(10);
    await caughtUp();
    expect(house.subgraph.asked).toHaveLength(2);
    expect(
      followers.map(({ runs }) => runs.length),
      'nobody else was disturbed',
    ).toEqual(before);
    for (const { runs } of followers) expect(numbersOf(runs.at(-1) ?? [])).toHaveLength(20);
    expect(problems()).toEqual([]);
    await emptied();
  });

  test('all go on after Redis was killed and has come back, and in the end one subscribes again', async ({
    expect,
    ...context
  }) => {
    const { house, listeners, say, caughtUp, problems, emptied } = await scene(context);
    say(10);
    await caughtUp();
    await house.redis.kill();
    await until('each to have its own', () => house.subgraph.listeners('count') === 3);
    await until('all to be open', () => listeners.every(isOpen));
    say(10);
    await caughtUp();
    await house.redis.restart();
    const runs = (): number => listeners.reduce((sum, listener) => sum + listener.runs.length, 0);
    // Two were told when it was killed, and two of the three now.
    await until('all to be open', () => runs() >= 3 + 2 + 2 && listeners.every(isOpen));
    await until('one to be left', () => house.subgraph.listeners('count') === 1);
    say(10);
    await caughtUp();
    expect(house.subgraph.listeners('count')).toBe(1);
    expect(problems()).toEqual([]);
    await emptied();
  });
});
