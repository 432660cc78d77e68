import { describe, test, type TestContext } from 'vitest';
import { connectRedis } from '../../../../plugins/redis/index.ts';
import type { Upstream, UpstreamOperation, UpstreamSink } from '../../../../plugins/subscriptions/upstream/upstream.ts';
import { until } from '../../../harness/until.ts';
import { record, saidAt, type Recorded } from '../recorder.ts';
import { LEASE, openHouse, type House, type Member } from './house.ts';

const FORBIDDEN = { query: 'subscription { forbidden }', operationName: undefined, variables: undefined };

interface Scene {
  readonly house: House;
  operation(more?: Partial<UpstreamOperation>): UpstreamOperation;
  /** Opens it, and resolves when it is open. */
  listen(member: Member, more?: Partial<UpstreamOperation>): Promise<Recorded>;
  /** Members that listen, of which the first has the subscription. */
  listening(count: number, options?: Parameters<House['member']>[0]): Promise<(Member & { recorded: Recorded })[]>;
  say(...texts: string[]): void;
  /** The text under which the lease is held; undefined when nobody does. */
  lease(): Promise<string | undefined>;
  /** Says something as if it came from a gateway. */
  speak(message: unknown): Promise<unknown>;
}

async function scene({ onTestFinished }: Pick<TestContext, 'onTestFinished'>): Promise<Scene> {
  const house = await openHouse();
  onTestFinished(() => house[Symbol.asyncDispose]());
  const { subgraph, client } = house;

  const operation: Scene['operation'] = (more) => saidAt(subgraph.url, 'news', more);

  async function listen(member: Member, more?: Partial<UpstreamOperation>): Promise<Recorded> {
    const recorded = record(member.upstream, operation(more));
    await recorded.opened();
    await until('the subgraph to serve it', () => subgraph.listeners('news') > 0);
    return recorded;
  }

  const key = async (): Promise<string | undefined> => (await client.keys('*'))[0];

  return {
    house,
    operation,
    listen,
    async listening(count, options) {
      const members = Array.from({ length: count }, () => house.member(options));
      const all = [];
      for (const member of members) {
        all.push({ upstream: member.upstream, store: member.store, recorded: await listen(member) });
      }
      return all;
    },
    say(...texts) {
      for (const text of texts) subgraph.say('news', text);
    },
    async lease() {
      const name = await key();
      return name === undefined ? undefined : ((await client.get(name)) ?? undefined);
    },
    async speak(message) {
      const channel = (await key())?.replace(/:lease$/, ':events') ?? '';
      return client.publish(channel, typeof message === 'string' ? message : JSON.stringify(message));
    },
  };
}

const data = (...texts: string[]) => texts.map((said) => ({ data: { said } }));

// Concurrently, as most of the time goes by with waiting for leases.
describe.concurrent('a shared subscription', () => {
  test('has a latecomer hear what comes from then on, like all the others', async ({ expect, ...context }) => {
    const { house, listening, listen, say } = await scene(context);
    const [first] = await listening(2);
    say('before');
    await first?.recorded.count(1);
    const latecomer = await listen(house.member());
    say('after');
    await latecomer.count(1);
    expect(latecomer.told).toEqual(['opened', ...data('after')]);
    expect(house.subgraph.asked).toHaveLength(1);
    await house.emptied();
  });

  test('is another one for every difference in what is asked, but not for tracing headers', async ({
    expect,
    ...context
  }) => {
    const { house, listen } = await scene(context);
    const [one, two] = [house.member(), house.member()];
    await listen(one, { headers: { authorization: 'a', traceparent: '1', tracestate: 'x' } });
    await listen(two, { headers: { traceparent: '2', authorization: 'a' } });
    expect(house.subgraph.asked).toHaveLength(1);
    await listen(two, { headers: { authorization: 'b' } });
    await until('it to be asked for', () => house.subgraph.asked.length === 2);
    expect(one.upstream.status()).toEqual({ connections: 1, subscriptions: 1 });
    expect(two.upstream.status()).toEqual({ connections: 1, subscriptions: 2 });
    await house.emptied();
  });

  test('is none for callers who are named in a header, nor with a store in memory', async ({ expect, ...context }) => {
    const { house, listen, lease } = await scene(context);
    const inMemory = connectRedis();
    const own = { ownHeaders: ['X-Tenant-Key'] };
    for (const member of [house.member(own), house.member(own)]) {
      await listen(member, { headers: { 'gatehouse-principal': 'token' } });
      await listen(member, { headers: { 'x-tenant-key': 'key' } });
    }
    for (const member of [house.member({ store: inMemory }), house.member({ store: inMemory })]) await listen(member);
    await until('each to be asked for', () => house.subgraph.asked.length === 6);
    expect(await lease()).toBeUndefined();
    await house.emptied();
  });

  test('goes on for one that stays when others who follow leave, and says nothing to those', async ({
    expect,
    ...context
  }) => {
    const { house, listening, say } = await scene(context);
    const [leader, follower] = await listening(2);
    follower?.recorded.giveUp();
    say('after');
    await leader?.recorded.count(1);
    expect(follower?.recorded.told).toEqual(['opened']);
    expect(leader?.recorded.told).toEqual(['opened', ...data('after')]);
    await house.emptied();
  });

  test('is handed over at once when who has it gives it up: others are told, and one of them opens it again', async ({
    expect,
    ...context
  }) => {
    const { house, listening, listen, say, lease } = await scene(context);
    const [leader, ...followers] = await listening(3);
    say('1');
    await Promise.all(followers.map(({ recorded }) => recorded.count(1)));
    const since = performance.now();
    leader?.recorded.giveUp();
    for (const { recorded } of followers) {
      expect(await recorded.end()).toEqual({ kind: 'lost', reason: 'the process that had it gave it up' });
    }
    expect(performance.now() - since, 'no lease had to run out').toBeLessThan(LEASE);
    expect(await lease()).toBeUndefined();
    const again = await Promise.all(followers.map((follower) => listen(follower)));
    expect(house.subgraph.asked).toHaveLength(2);
    await until('the subgraph to serve one', () => house.subgraph.listeners('news') === 1);
    say('2');
    await Promise.all(again.map((recorded) => recorded.count(1)));
    for (const { events } of again) expect(events).toEqual(data('2'));
    expect(leader?.recorded.events).toEqual(data('1'));
    await house.emptied();
  });

  test('is taken over without a word when it was not open yet', async ({ expect, ...context }) => {
    const { house, operation, lease, say } = await scene(context);
    house.subgraph.onInit(() => {});
    const leader = record(house.member().upstream, operation());
    await until('one to have it', lease);
    const follower = record(house.member().upstream, operation());
    await until('the other to follow', async () => ((await house.client.pubsub('CHANNELS')) as string[]).length);
    house.subgraph.onInit(undefined);
    leader.giveUp();
    await follower.opened();
    await until('the subgraph to serve it', () => house.subgraph.listeners('news') === 1);
    say('1');
    await follower.count(1);
    expect(follower.told).toEqual(['opened', ...data('1')]);
    expect(leader.told).toEqual([]);
    await house.emptied();
  });

  test('is completed for all when the subgraph completes it, after all of its events', async ({
    expect,
    ...context
  }) => {
    const { house, listening, listen, say, lease } = await scene(context);
    const all = await listening(3);
    say('1', '2');
    house.subgraph.finish('news');
    for (const { recorded } of all) {
      expect(await recorded.end()).toEqual({ kind: 'completed' });
      expect(recorded.events).toEqual(data('1', '2'));
    }
    expect(await lease()).toBeUndefined();
    for (const member of all) await listen(member);
    expect(house.subgraph.asked).toHaveLength(2);
    await house.emptied();
  });

  test('gives an answer of errors alone as an event, also when it is the first that a latecomer hears', async ({
    expect,
    ...context
  }) => {
    const { house, operation } = await scene(context);
    const sinks: UpstreamSink[] = [];
    const upstream: Upstream = {
      open(_, sink) {
        sinks.push(sink);
        queueMicrotask(() => sink.opened());
        return () => {};
      },
      close: async () => {},
      status: () => ({ connections: 0, subscriptions: 0 }),
    };
    const first = record(house.member({ upstream }).upstream, operation());
    await first.opened();
    const latecomer = record(house.member({ upstream }).upstream, operation());
    await latecomer.opened();
    const failed = { errors: [{ message: 'Not now' }] };
    sinks[0]?.next(failed);
    await Promise.all([first.count(1), latecomer.count(1)]);
    for (const { told } of [first, latecomer]) expect(told).toEqual(['opened', failed]);
    expect(sinks).toHaveLength(1);
    await house.emptied();
  });

  test('is refused to all with the errors of the subgraph', async ({ expect, ...context }) => {
    const { house, operation } = await scene(context);
    const members = [house.member(), house.member(), house.member()];
    // All of them are there before it is asked for.
    await Promise.all(members.map(({ store }) => store.get('x')));
    const all = members.map(({ upstream }) => record(upstream, operation(FORBIDDEN)));
    for (const recorded of all) {
      expect(await recorded.end()).toMatchObject({
        kind: 'refused',
        errors: [{ message: 'Not for you', extensions: { code: 'FORBIDDEN' } }],
      });
      expect(recorded.events).toEqual([]);
    }
    await house.emptied();
  });

  test('is lost for all, for the same reason, with the connection to the subgraph', async ({ expect, ...context }) => {
    const { house, listening } = await scene(context);
    const all = await listening(3);
    await house.subgraph.stop();
    for (const { recorded } of all) {
      expect(await recorded.end()).toEqual({ kind: 'lost', reason: 'the subgraph closed the connection with 1006' });
    }
    await house.emptied();
  });

  test('is lost for those whose pub/sub connection was cut, and shared again when they open it again', async ({
    expect,
    ...context
  }) => {
    const { house, listening, listen, say } = await scene(context);
    const [leader, ...followers] = await listening(3);
    expect(await house.client.client('KILL', 'TYPE', 'pubsub')).toBe(2);
    for (const { recorded } of followers) {
      expect(await recorded.end()).toEqual({ kind: 'lost', reason: 'the connection to Redis was lost' });
    }
    // Until its connection stands again, each may have its own.
    for (const { store } of followers) await until('the store to be up', () => store.status().status === 'ok');
    const again = await Promise.all(followers.map((follower) => listen(follower)));
    expect(house.subgraph.asked).toHaveLength(1);
    say('1');
    await Promise.all(again.map((recorded) => recorded.count(1)));
    expect(leader?.recorded.told).toEqual(['opened', ...data('1')]);
    await house.emptied();
  });

  test('is lost for those who miss an event, and does not take one that another says or that was said before', async ({
    expect,
    ...context
  }) => {
    const { house, listening, say, lease, speak } = await scene(context);
    const [, follower] = await listening(2);
    say('1');
    await follower?.recorded.count(1);
    const token = (await lease())?.split(' ')[0];
    const event = { data: { said: 'forged' } };
    await speak(['another token', 2, 'event', event]);
    await speak(['another token', 2, 'end', { kind: 'completed' }]);
    await speak([token, 1, 'event', event]);
    for (const nonsense of ['{', '[]', 'null', [token, 2, 'event', 1], [token, 2, 'end', {}], [token, 2, '?', 1]]) {
      await speak(nonsense);
    }
    say('2');
    await follower?.recorded.count(2);
    expect(follower?.recorded.told).toEqual(['opened', ...data('1', '2')]);
    await speak([token, 4, 'event', event]);
    expect(await follower?.recorded.end()).toEqual({ kind: 'lost', reason: 'an event was missed' });
    expect(follower?.recorded.events).toEqual(data('1', '2'));
    await house.emptied();
  });

  test('is lost for those who missed its last event with the next heartbeat, or with its end', async ({
    expect,
    ...context
  }) => {
    const { listening, lease, speak } = await scene(context);
    const [, one] = await listening(2);
    const token = (await lease())?.split(' ')[0];
    await speak([token, 1, 'end', { kind: 'completed' }]);
    expect(await one?.recorded.end()).toEqual({ kind: 'lost', reason: 'an event was missed' });
    const two = await listening(1);
    await speak([token, 1, 'beat', true]);
    expect(await two[0]?.recorded.end()).toEqual({ kind: 'lost', reason: 'an event was missed' });
  });

  test('with an event that is too large is lost for those who follow, who have their own then, and nobody shares it', async ({
    expect,
    ...context
  }) => {
    const { house, listening, listen, say, lease } = await scene(context);
    const [leader, ...followers] = await listening(3, { maxEventBytes: 100 });
    const large = 'ä'.repeat(50);
    say('1', large, '2');
    for (const { recorded } of followers) {
      expect(await recorded.end()).toEqual({ kind: 'lost', reason: 'of more than 100 bytes it is not shared' });
      expect(recorded.events).toEqual(data('1'));
    }
    await leader?.recorded.count(3);
    const again = await Promise.all(followers.map((follower) => listen(follower)));
    await until('the subgraph to serve each', () => house.subgraph.listeners('news') === 3);
    say(large);
    await Promise.all(again.map((recorded) => recorded.count(1)));
    expect(leader?.recorded.told).toEqual(['opened', ...data('1', large, '2', large)]);
    expect(await lease()).toBe('unshared');
    const [name = ''] = await house.client.keys('*');
    const left = await house.client.pttl(name);
    expect(left).toBeGreaterThan(30_000);
    expect(left).toBeLessThanOrEqual(60_000);
    await house.client.del(name);
    await house.emptied();
  });

  test('goes on for who has it while Redis is away; others have their own then, and in the end there is one again', async ({
    expect,
    ...context
  }) => {
    const { house, listening, listen, say } = await scene(context);
    const [leader, ...followers] = await listening(3);
    await house.redis.kill();
    for (const { recorded } of followers) {
      expect(await recorded.end()).toEqual({ kind: 'lost', reason: 'the connection to Redis was lost' });
    }
    const own = await Promise.all(followers.map((follower) => listen(follower)));
    await until('the subgraph to serve each', () => house.subgraph.listeners('news') === 3);
    say('1');
    await Promise.all(own.map((recorded) => recorded.count(1)));
    await leader?.recorded.count(1);

    await house.redis.restart();
    await until('two of the three to be told', () => house.subgraph.listeners('news') === 1);
    const all = [leader, ...followers].flatMap((member, index) => {
      const recorded = [leader?.recorded, ...own][index];
      return member && recorded ? [{ upstream: member.upstream, store: member.store, recorded }] : [];
    });
    const kept = all.filter(({ recorded }) => recorded.told.length === 2);
    const lost = all.filter(({ recorded }) => recorded.told.length === 3);
    expect([kept.length, lost.length]).toEqual([1, 2]);
    for (const { recorded } of lost) {
      expect(await recorded.end()).toEqual({ kind: 'lost', reason: 'another process has it' });
    }
    const again = await Promise.all(lost.map((member) => listen(member)));
    say('2');
    await Promise.all(again.map((recorded) => recorded.count(1)));
    await kept[0]?.recorded.count(2);
    expect(house.subgraph.listeners('news')).toBe(1);
    await house.emptied();
  });

  test('keeps nobody waiting while Redis hangs: each has its own within two seconds, and gives it up at once', async ({
    expect,
    ...context
  }) => {
    const { house, operation, listen } = await scene(context);
    const member = house.member({ commandTimeoutMs: 100 });
    await member.store.get('x');
    house.redis.pause();
    const since = performance.now();
    const recorded = await listen(member);
    expect(performance.now() - since).toBeLessThan(2_000);
    record(member.upstream, operation()).giveUp();
    const closing = performance.now();
    await member.upstream.close();
    expect(performance.now() - closing).toBeLessThan(3_000);
    expect(await recorded.end()).toEqual({ kind: 'lost', reason: 'the gateway is closing' });
    expect(member.upstream.status()).toEqual({ connections: 0, subscriptions: 0 });
    house.redis.resume();
  });

  test('leaves nothing when it is given up at any moment while it opens', async ({ expect, ...context }) => {
    const { house, operation, listen, lease } = await scene(context);
    const hasty = house.member();
    record(hasty.upstream, operation()).giveUp();
    await hasty.upstream.close();
    expect(await lease()).toBeUndefined();
    const [one, two] = [house.member(), house.member()];
    await Promise.all([one, two].map(({ store }) => store.get('x')));
    const heard = [];
    for (let moment = 0; moment < 20; moment++) {
      const recorded = record((moment % 2 ? one : two).upstream, operation());
      for (let turn = 0; turn < moment; turn++) await house.client.ping();
      recorded.giveUp();
      heard.push(recorded.told.filter((told) => told !== 'opened'));
    }
    expect(heard.flat()).toEqual([]);
    await listen(one);
    await house.emptied();
  });

  test('is lost for all of a gateway that closes, and for all that it opens then', async ({ expect, ...context }) => {
    const { house, listening, operation, lease } = await scene(context);
    const [leader, follower] = await listening(2);
    const closing = leader?.upstream.close();
    expect(await leader?.recorded.end()).toEqual({ kind: 'lost', reason: 'the gateway is closing' });
    await closing;
    expect(await lease()).toBeUndefined();
    expect(await follower?.recorded.end()).toMatchObject({ kind: 'lost' });
    const late = leader && record(leader.upstream, operation());
    expect(late?.told, 'before open has returned').toEqual([]);
    expect(await late?.end()).toEqual({ kind: 'lost', reason: 'the gateway is closing' });
    await house.emptied();
  });
});
