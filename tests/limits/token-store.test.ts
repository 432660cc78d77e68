import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Bucket } from '../../plugins/limits/buckets/bucket.ts';
import type {
  Admitted,
  BucketEntry,
  Entry,
  QuotaEntry,
  QuotaState,
  TakeAnswer,
} from '../../plugins/limits/buckets/entry.ts';
import {
  createTokenStore,
  MAX_ENTRIES,
  type TokenStore,
  type TokenStoreOptions,
} from '../../plugins/limits/buckets/token-store.ts';
import { createQuota, type QuotaOptions } from '../../plugins/limits/quotas/quota.ts';
import { connectRedis, type SharedStore } from '../../plugins/redis/index.ts';
import { startRedis, type RedisServer } from '../harness/redis.ts';
import { redisCli } from '../redis/redis-cli.ts';

const SILENT = { info() {}, warn() {}, error() {} };
const PATIENT_MS = 5000;
const WAIT = { timeout: 10_000, interval: 5 };
/** So slow that nothing comes back while a test runs. */
const STILL = 1e-4;

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server?.close());

let test = 0;
beforeEach(() => {
  test += 1;
});

function bucket(name: string, amount = 1, given: Partial<Bucket> = {}): BucketEntry {
  return { kind: 'bucket', key: `${name} ${test}`, bucket: { capacity: 10, refillPerSecond: STILL, ...given }, amount };
}

function quota(name: string, amount = 1, given: Partial<QuotaOptions> = {}): QuotaEntry {
  const made = createQuota({ limit: 10, period: { unit: 'month' }, ...given });
  return { kind: 'quota', key: `${name} ${test}`, quota: made, amount };
}

function open(url?: string, options: Partial<TokenStoreOptions> = {}): TokenStore {
  const store = connectRedis({ url, commandTimeoutMs: PATIENT_MS, log: SILENT });
  const tokens = createTokenStore({ store, timeoutMs: PATIENT_MS, ...options });
  onTestFinished(async () => {
    await tokens.close();
    await store.close();
  });
  return tokens;
}

const remaining = ({ states }: TakeAnswer): number[] => states.map((state) => Math.round(state.remaining));
const verdicts = ({ states }: TakeAnswer): string[] =>
  states.map(({ verdict }) => (verdict === 'allowed' ? verdict : 'refused'));
function admitted(answer: TakeAnswer): Admitted {
  expect(answer.outcome).toBe('admitted');
  return answer as Admitted;
}

describe.each(['Redis', 'memory'] as const)('the tokens in %s', (where) => {
  const tokensOf = (options?: Partial<TokenStoreOptions>): TokenStore =>
    open(where === 'Redis' ? server.url : undefined, options);

  it('are taken from all entries or from none', async () => {
    const tokens = tokensOf();
    expect(remaining(await tokens.take([bucket('a', 3), quota('q', 4)]))).toEqual([7, 6]);
    const refused = await tokens.take([bucket('a', 3), quota('q', 7)]);
    expect(refused.outcome).toBe('refused');
    expect(verdicts(refused)).toEqual(['allowed', 'refused']);
    expect(remaining(refused)).toEqual([7, 6]);
    expect(remaining(await tokens.take([bucket('a', 7), quota('q', 6)]))).toEqual([0, 0]);
  });

  it('say the longest time to wait of those that refused', async () => {
    const tokens = tokensOf();
    const entries = (amount: number): Entry[] => [
      bucket('quick', amount, { refillPerSecond: 1 }),
      bucket('slow', amount, { refillPerSecond: 0.1 }),
      bucket('full', 0),
    ];
    await tokens.take(entries(10));
    const refused = await tokens.take(entries(5));
    expect(verdicts(refused)).toEqual(['refused', 'refused', 'allowed']);
    if (refused.outcome !== 'refused') throw new Error('it is refused');
    expect(refused.retryAfterMs).toBeGreaterThan(40_000);
    expect(refused.retryAfterMs).toBeLessThanOrEqual(50_000);
    expect(refused.states[1]?.verdict).toEqual({ retryAfterMs: refused.retryAfterMs });
  });

  it('are never given where more is asked than there can be, and somebody says so', async () => {
    const tokens = tokensOf();
    const throttle = { capacity: 2, refillPerSecond: 1 };
    for (const entry of [bucket('a', 11), quota('q', 11), quota('t', 13, { overage: { throttle } })]) {
      expect(await tokens.take([bucket('b', 1), entry])).toMatchObject({ outcome: 'refused', retryAfterMs: 'never' });
    }
    expect(remaining(await tokens.take([bucket('b', 0)]))).toEqual([10]);
    expect((await tokens.take([quota('t', 12, { overage: { throttle } })])).outcome).toBe('admitted');
  });

  it('are shown by asking for none, also where there are none', async () => {
    const tokens = tokensOf();
    await tokens.take([bucket('a', 10), quota('q', 10)]);
    const shown = await tokens.take([bucket('a', 0), quota('q', 0)]);
    expect(shown.outcome).toBe('admitted');
    expect(remaining(shown)).toEqual([0, 0]);
    expect((await tokens.take([])).outcome).toBe('admitted');
  });

  it('are counted in exact parts', async () => {
    const tokens = tokensOf();
    for (let i = 0; i < 10; i++) admitted(await tokens.take([bucket('a', 0.1, { capacity: 1 })]));
    expect((await tokens.take([bucket('a', 0.1, { capacity: 1 })])).outcome).toBe('refused');
  });

  it('are given back and charged, within bounds', async () => {
    const tokens = tokensOf();
    const taken = admitted(await tokens.take([bucket('a', 4), quota('q', 4)]));
    const back = await tokens.settle(taken, [1, 1]);
    expect(back.states.map((state) => Math.round(state.remaining))).toEqual([9, 9]);
    await tokens.settle(taken, [0, 0]);
    expect(remaining(await tokens.take([bucket('a', 0), quota('q', 0)]))).toEqual([10, 10]);

    const charged = admitted(await tokens.take([bucket('a', 1), quota('q', 1)]));
    await tokens.settle(charged, [1000, 1000]);
    const after = await tokens.take([bucket('a', 1), quota('q', 1)]);
    expect(verdicts(after)).toEqual(['refused', 'refused']);
    // As empty again as it is large: 11 tokens have to come back.
    expect(after.states[0]?.verdict).toEqual({ retryAfterMs: expect.closeTo((11 / STILL) * 1000, -5) as number });
    expect((after.states[1] as QuotaState).used).toBe(1000);
  });

  it('are settled without asking where nothing changes', async () => {
    const store = connectRedis();
    const tokens = createTokenStore({ store });
    const taken = admitted(await tokens.take([bucket('a', 4), quota('q', 9)]));
    expect((taken.states[1] as QuotaState).reached).toEqual([0.8]);
    await store.close();
    const settled = await tokens.settle(taken, [4, 9]);
    expect(settled.outcome).toBe('settled');
    expect((settled.states[1] as QuotaState).reached).toEqual([]);
    await tokens.close();
  });

  it('beyond a quota come from its bucket, and go back there first', async () => {
    const tokens = tokensOf();
    const throttle = { capacity: 5, refillPerSecond: STILL };
    const entry = (amount: number): QuotaEntry => quota('q', amount, { overage: { throttle } });
    const over = admitted(await tokens.take([entry(12)]));
    expect(over.states[0]).toMatchObject({ used: 12, remaining: 0, beyond: 2 });
    expect(await tokens.take([entry(4)])).toMatchObject({ outcome: 'refused' });
    await tokens.settle(over, [11]);
    expect((await tokens.take([entry(4)])).states[0]).toMatchObject({ verdict: 'allowed', used: 15, beyond: 4 });
    expect((await tokens.take([entry(1)])).outcome).toBe('refused');
  });

  it('beyond a quota are counted where that is allowed', async () => {
    const tokens = tokensOf();
    const entry = (amount: number): QuotaEntry => quota('q', amount, { overage: 'allow' });
    await tokens.take([entry(8)]);
    expect((await tokens.take([entry(25)])).states[0]).toMatchObject({ verdict: 'allowed', used: 33, remaining: 0 });
  });

  it('are not minted by less than nothing', async () => {
    const tokens = tokensOf();
    await tokens.take([bucket('a', 10), quota('q', 10)]);
    await tokens.take([bucket('a', -5), quota('q', -5)]);
    expect(remaining(await tokens.take([bucket('a', 0), quota('q', 0)]))).toEqual([0, 0]);
  });

  it('of more than there ever can be stay numbers', async () => {
    const tokens = tokensOf();
    expect(await tokens.take([bucket('a', Infinity)])).toMatchObject({ retryAfterMs: 'never' });
    const bill = admitted(await tokens.take([quota('q', Infinity, { overage: 'allow' })]));
    expect((bill.states[0] as QuotaState).used).toBe(2e12);
    const most = admitted(await tokens.take([quota('q', 0, { overage: 'allow' })]));
    await tokens.settle(most, [Number.MAX_VALUE]);
    expect((await tokens.take([quota('q', 0)])).states[0]).toMatchObject({ used: 4e12 });
  });

  it('of long keys are kept apart', async () => {
    const tokens = tokensOf();
    const long = 'x'.repeat(10_000);
    await tokens.take([{ ...bucket('a', 4), key: `${long}a ${where}` }]);
    await tokens.take([{ ...bucket('a', 1), key: `${long}b ${where}` }]);
    expect(remaining(await tokens.take([{ ...bucket('a', 0), key: `${long}a ${where}` }]))).toEqual([6]);
  });
});

describe('thresholds', () => {
  it('are reached once, in one of all processes, whatever is given back meanwhile', async () => {
    const all = Array.from({ length: 4 }, () => open(server.url));
    const entry = quota('q', 1, { limit: 200, thresholds: [0.25, 0.5, 0.8, 1] });
    const reached: number[] = [];
    const note = ({ states: [state] }: Pick<TakeAnswer, 'states'>): void =>
      void reached.push(...((state as QuotaState).reached ?? []));
    const taken = await Promise.all(
      Array.from({ length: 110 }, async (_, i) => {
        const answer = await (all[i % 4] as TokenStore).take([entry]);
        note(answer);
        return answer;
      }),
    );
    await Promise.all(
      taken.slice(0, 80).map(async (answer, i) => note(await (all[i % 4] as TokenStore).settle(admitted(answer), [0]))),
    );
    await Promise.all(
      Array.from({ length: 170 }, async (_, i) => note(await (all[i % 4] as TokenStore).take([entry]))),
    );
    expect(reached.toSorted()).toEqual([0.25, 0.5, 0.8, 1]);
  });

  it('are reached by a charge too', async () => {
    const tokens = open();
    const taken = admitted(await tokens.take([quota('q', 1)]));
    const { states } = await tokens.settle(taken, [9]);
    expect((states[0] as QuotaState).reached).toEqual([0.8]);
  });
});

describe('what stands in Redis', () => {
  const ttl = async (pattern: string): Promise<number> => {
    const [key = ''] = (await redisCli(server.port, 'KEYS', pattern)).trim().split('\n');
    return Number(await redisCli(server.port, 'PTTL', key));
  };

  it('of a bucket expires when it is full again', async () => {
    const tokens = open(server.url);
    await tokens.take([bucket('b', 5, { refillPerSecond: 1 })]);
    const left = await ttl(`*bucket:b ${test}`);
    expect(left).toBeGreaterThan(3000);
    expect(left).toBeLessThanOrEqual(5001);
    await tokens.take([bucket('short', 5, { refillPerSecond: 200 })]);
    await expect.poll(() => redisCli(server.port, 'KEYS', `*bucket:short ${test}`), WAIT).toBe('\n');
    expect(remaining(await tokens.take([bucket('short', 0)]))).toEqual([10]);
  });

  it('of a quota expires when the next period is over', async () => {
    const tokens = open(server.url);
    const entry = quota('q', 5, { period: { unit: 'hour' } });
    const [state] = (await tokens.take([entry])).states as [QuotaState];
    const left = await ttl(`*quota:q ${test}:${state.period.id}`);
    const expected = state.period.endsAt + 3_600_000 - Date.now();
    expect(Math.abs(left - expected)).toBeLessThan(5000);
  });

  it('is nothing after a take that was refused or given back', async () => {
    const tokens = open(server.url);
    await tokens.take([bucket('r', 5), bucket('other', 11)]);
    await tokens.settle(admitted(await tokens.take([bucket('s', 5)])), [0]);
    expect(await redisCli(server.port, 'KEYS', `*bucket:[rs] ${test}`)).toBe('\n');
  });

  it('counts in the period of its own clock, not of a gateway that is ahead', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const tokens = open(server.url);
    const before = Date.now();
    const entry = quota('q', 5, { period: { unit: 'hour' } });
    vi.setSystemTime(Math.ceil(before / 3_600_000) * 3_600_000 + 1000);
    const [state] = (await tokens.take([entry])).states as [QuotaState];
    expect(state.period.startsAt <= before && before < state.period.endsAt).toBe(true);
  });
});

describe('while the store is away', () => {
  function broken(): { store: SharedStore; tokens: TokenStore; comesBack: () => void; runs: () => number } {
    const memory = connectRedis();
    const away = connectRedis();
    void away.close();
    let current = away;
    let runs = 0;
    const store: SharedStore = {
      ...memory,
      run(...args) {
        runs += 1;
        return current.run(...args);
      },
    };
    const tokens = createTokenStore({ store, processes: 4 });
    onTestFinished(() => tokens.close());
    return { store, tokens, comesBack: () => void (current = memory), runs: () => runs };
  }

  it('a process gives its part, from a full bucket of its own', async () => {
    const { tokens } = broken();
    const outcomes: string[] = [];
    for (let i = 0; i < 4; i++) outcomes.push((await tokens.take([bucket('a', 1, { capacity: 12 })])).outcome);
    expect(outcomes).toEqual(['admitted', 'admitted', 'admitted', 'refused']);
    const [state] = (await tokens.take([bucket('a', 1, { capacity: 12 })])).states;
    expect(state).toMatchObject({ countedBy: 'local', entry: { bucket: { capacity: 12 } } });
    expect((await tokens.take([quota('q', 3)])).outcome).toBe('admitted');
    expect((await tokens.take([quota('q', 1)])).outcome).toBe('refused');
  });

  it('what a full bucket would give is given once, also where it is more than a part', async () => {
    const { tokens } = broken();
    expect((await tokens.take([bucket('one', 1, { capacity: 1 })])).outcome).toBe('admitted');
    expect((await tokens.take([bucket('one', 1, { capacity: 1 })])).outcome).toBe('refused');
    expect((await tokens.take([quota('all', 10)])).outcome).toBe('admitted');
    expect((await tokens.take([quota('all', 1)])).outcome).toBe('refused');
    expect((await tokens.take([bucket('more', 11)])).outcome).toBe('refused');
  });

  it('a policy may allow everything, and still all is given or nothing', async () => {
    const { tokens } = broken();
    const free = { ...bucket('free', 1e6), onStoreFailure: 'allow' } as const;
    const answer = await tokens.take([free, bucket('a', 2)]);
    expect(answer.states.map(({ countedBy }) => countedBy)).toEqual(['nobody', 'local']);
    expect((await tokens.take([free, bucket('a', 2)])).outcome).toBe('refused');
    const settled = await tokens.settle(admitted(answer), [0, 0]);
    expect(settled.outcome).toBe('settled');
    expect((await tokens.take([free, bucket('a', 2)])).outcome).toBe('admitted');
    expect((await tokens.take([{ ...quota('q', 1e6), onStoreFailure: 'allow' }])).outcome).toBe('admitted');
  });

  it('a policy may deny everything, and then nothing is taken from the others', async () => {
    const { tokens } = broken();
    const closed = { ...bucket('closed'), onStoreFailure: 'deny' } as const;
    const refused = await tokens.take([bucket('a', 2), closed]);
    expect(refused).toMatchObject({ outcome: 'refused', retryAfterMs: 1000 });
    expect(verdicts(refused)).toEqual(['allowed', 'refused']);
    expect((await tokens.take([bucket('a', 2)])).outcome).toBe('admitted');
  });

  it('no request asks it again, and it is used as soon as it is back', async () => {
    const { tokens, comesBack, runs } = broken();
    for (let i = 0; i < 200; i++) await tokens.take([bucket(`client ${i}`)]);
    // The first take, and the attempts since then.
    expect(runs()).toBeLessThan(20);
    comesBack();
    await expect.poll(async () => (await tokens.take([bucket('a', 0)])).states[0]?.countedBy, WAIT).toBe('store');
  });

  it('a settlement of what the store counted is lost, and says so', async () => {
    const store = connectRedis();
    const tokens = createTokenStore({ store });
    onTestFinished(() => tokens.close());
    const taken = admitted(await tokens.take([bucket('a', 4)]));
    await store.close();
    expect(await tokens.settle(taken, [1])).toEqual({ outcome: 'lost', states: taken.states });
  });

  it('those who come most often are remembered, however many others come', async () => {
    const { tokens } = broken();
    for (let i = 0; i < 60_000; i++) {
      if (i % 10_000 === 0) await tokens.take([bucket('often', 2)]);
      else await tokens.take([bucket(`client ${i}`)]);
    }
    expect((await tokens.take([bucket('often', 2)])).outcome).toBe('refused');
  });
});

describe('options', () => {
  const store = connectRedis();
  it.each([
    ['timeoutMs', { timeoutMs: 0 }],
    ['processes', { processes: 1.5 }],
    ['leases.share', { leases: { share: 2 } }],
    ['leases.durationMs', { leases: { durationMs: -1 } }],
  ])('%s is checked', (option, options) => {
    expect(() => createTokenStore({ store, ...options })).toThrow(RangeError);
    expect(() => createTokenStore({ store, ...options })).toThrow(`${option} takes `);
  });

  it.each([
    ['limit', { limit: 0 }],
    ['limit', { limit: 1e13 }],
    ['thresholds', { thresholds: [0.5, -1] }],
    ['overage.throttle.capacity', { overage: { throttle: { capacity: 0, refillPerSecond: 1 } } }],
    ['overage.throttle.refillPerSecond', { overage: { throttle: { capacity: 1e9, refillPerSecond: 1 } } }],
    ['overage', { overage: 'maybe' }],
    ['period.unit', { period: { unit: 'aeon' } }],
  ])('%s of a quota is checked', (option, options) => {
    const given = { limit: 1, period: { unit: 'day' }, ...options } as QuotaOptions;
    expect(() => createQuota(given)).toThrow(RangeError);
    expect(() => createQuota(given)).toThrow(`${option} takes `);
  });

  it('a take of one key twice, of too many, or of no number is a mistake', async () => {
    const tokens = createTokenStore({ store });
    expect(() => tokens.take([bucket('a'), bucket('a')])).toThrow(TypeError);
    expect(() => tokens.take([bucket('a', Number.NaN)])).toThrow(RangeError);
    const many = Array.from({ length: MAX_ENTRIES + 1 }, (_, i) => bucket(`${i}`));
    expect(() => tokens.take(many)).toThrow(RangeError);
    expect((await tokens.take(many.slice(1))).outcome).toBe('admitted');
    const taken = admitted(await tokens.take([bucket('b')]));
    await expect(tokens.settle(taken, [])).rejects.toThrow(RangeError);
  });
});
