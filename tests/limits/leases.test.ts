import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Bucket } from '../../plugins/limits/buckets/bucket.ts';
import type { Admitted, BucketEntry, TakeAnswer } from '../../plugins/limits/buckets/entry.ts';
import type { LeaseOptions } from '../../plugins/limits/buckets/leases.ts';
import { createTokenStore, type TokenStore } from '../../plugins/limits/buckets/token-store.ts';
import { connectRedis, type SharedStore } from '../../plugins/redis/index.ts';

/** So slow that nothing comes back while a test runs. */
const STILL = 1e-3;
const LONG = { share: 0.1, durationMs: 60_000 };

function bucket(key: string, amount = 1, given: Partial<Bucket> = {}): BucketEntry {
  return { kind: 'bucket', key, bucket: { capacity: 1000, refillPerSecond: STILL, ...given }, amount };
}

interface Counted {
  readonly store: SharedStore;
  /** Scripts that were run. */
  trips: number;
}

function countedStore(): Counted {
  const memory = connectRedis();
  const counted = {
    trips: 0,
    store: {
      ...memory,
      run(...args: Parameters<SharedStore['run']>) {
        counted.trips += 1;
        return memory.run(...args);
      },
    } as SharedStore,
  };
  return counted;
}

function open(store: SharedStore, leases?: LeaseOptions): TokenStore {
  const tokens = createTokenStore({ store, ...(leases && { leases }) });
  onTestFinished(() => tokens.close());
  return tokens;
}

async function take(tokens: TokenStore, times: number, ...entries: BucketEntry[]): Promise<TakeAnswer[]> {
  const answers: TakeAnswer[] = [];
  for (let i = 0; i < times; i++) answers.push(await tokens.take(entries));
  return answers;
}

/** What is left for everybody. */
async function left(store: SharedStore, key: string, given?: Partial<Bucket>): Promise<number> {
  const [state] = (await createTokenStore({ store }).take([bucket(key, 0, given)])).states;
  return Math.round(state?.remaining ?? Number.NaN);
}

const admittedOf = (answers: readonly TakeAnswer[]): Admitted[] =>
  answers.filter((answer) => answer.outcome === 'admitted');

describe('a lease', () => {
  it('is taken on a bucket that is often taken from, and spares most round trips', async () => {
    const counted = countedStore();
    const tokens = open(counted.store, LONG);
    const answers = await take(tokens, 500, bucket('hot'));
    expect(admittedOf(answers)).toHaveLength(500);
    expect(counted.trips).toBeLessThan(20);
    await take(tokens, 5, bucket('cold'));
    expect(counted.trips).toBeLessThan(25);
    expect(await left(counted.store, 'cold')).toBe(995);
  });

  it('is not taken without the option', async () => {
    const counted = countedStore();
    await take(open(counted.store), 50, bucket('hot'));
    expect(counted.trips).toBe(50);
  });

  it('lets through no more than the bucket has, over all processes, and in the end all of it', async () => {
    const { store } = countedStore();
    const processes = Array.from({ length: 4 }, () => open(store, LONG));
    const answers = await Promise.all(processes.map((tokens) => take(tokens, 400, bucket('hot'))));
    const admitted = admittedOf(answers.flat()).length;
    expect(admitted).toBeLessThanOrEqual(1000);
    // What others still hold may be missing: at most a block each.
    expect(admitted).toBeGreaterThanOrEqual(1000 - 3 * 100);
    await Promise.all(processes.map((tokens) => tokens.close()));
    expect(await left(store, 'hot')).toBe(1000 - admitted);
  });

  it('holds one block, however many ask at once', async () => {
    const { store } = countedStore();
    const tokens = open(store, LONG);
    await Promise.all(Array.from({ length: 64 }, async () => tokens.take([bucket('hot')])));
    expect(await left(store, 'hot')).toBe(1000 - 64 - 100);
  });

  it('leaves as much for others as it takes', async () => {
    const { store } = countedStore();
    const tokens = open(store, LONG);
    await take(tokens, 1, bucket('hot', 790));
    await take(tokens, 9, bucket('hot'));
    expect(await left(store, 'hot')).toBe(201 - 100);
    await take(tokens, 100, bucket('hot'));
    // Of 101 tokens none are taken ahead.
    await take(tokens, 1, bucket('hot'));
    expect(await left(store, 'hot')).toBe(100);
  });

  it('gives everything or nothing together with other entries', async () => {
    const { store } = countedStore();
    const tokens = open(store, LONG);
    await take(tokens, 20, bucket('hot'));
    await take(tokens, 1, bucket('rare', 1, { capacity: 1 }));
    const before = await tokens.take([bucket('hot', 0)]);
    const answers = await take(tokens, 30, bucket('hot', 3), bucket('rare', 1, { capacity: 1 }));
    expect(admittedOf(answers)).toHaveLength(0);
    expect(answers[0]?.states.map(({ verdict }) => verdict === 'allowed')).toEqual([true, false]);
    expect((await tokens.take([bucket('hot', 0)])).states).toEqual(before.states);
  });

  it('gets back what was too much, and pays what was too little, as far as it has it', async () => {
    const counted = countedStore();
    const tokens = open(counted.store, LONG);
    const answers = await take(tokens, 20, bucket('hot', 5));
    const [leased] = admittedOf(answers).filter(({ states }) => states[0]?.countedBy === 'lease') as [Admitted];
    const trips = counted.trips;
    await tokens.settle(leased, [1]);
    await tokens.settle(leased, [9]);
    expect(counted.trips).toBe(trips);
    await tokens.settle(leased, [500]);
    expect(counted.trips).toBe(trips + 1);
    await tokens.close();
    expect(await left(counted.store, 'hot')).toBe(1000 - 100 - 495);
  });

  it('holds no more than a block after any refund', async () => {
    const { store } = countedStore();
    const tokens = open(store, LONG);
    const answers = admittedOf(await take(tokens, 40, bucket('hot', 10)));
    for (const answer of answers) await tokens.settle(answer, [0]);
    expect(await left(store, 'hot')).toBeGreaterThanOrEqual(1000 - 100);
    await tokens.close();
    expect(await left(store, 'hot')).toBe(1000);
  });

  it('gives back what is left when it ends, within twice its time', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const { store } = countedStore();
    const tokens = open(store, { share: 0.1, durationMs: 1000 });
    await take(tokens, 10, bucket('hot'));
    await vi.advanceTimersByTimeAsync(500);
    await take(tokens, 10, bucket('later'));
    expect(await left(store, 'hot')).toBe(890);
    await vi.advanceTimersByTimeAsync(501);
    expect(await left(store, 'hot')).toBe(990);
    expect(await left(store, 'later')).toBe(890);
    await vi.advanceTimersByTimeAsync(500);
    expect((await tokens.take([bucket('later', 1)])).states[0]?.countedBy).toBe('store');
    await vi.advanceTimersByTimeAsync(500);
    expect(await left(store, 'later')).toBe(989);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('lets a burst be larger than the bucket by the blocks that are held, and by no more', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const { store } = countedStore();
    const processes = Array.from({ length: 3 }, () => open(store, LONG));
    const full = { refillPerSecond: 100 };
    for (const tokens of processes) await take(tokens, 10, bucket('hot', 1, full));
    vi.advanceTimersByTime(30_000);
    expect(await left(store, 'hot', full)).toBe(1000);
    const burst = await Promise.all(processes.map((tokens) => take(tokens, 600, bucket('hot', 1, full))));
    const admitted = admittedOf(burst.flat()).length;
    expect(admitted).toBeGreaterThan(1000);
    expect(admitted).toBeLessThanOrEqual(1000 + 3 * 100);
  });

  it('is spent also while the store is away', async () => {
    const memory = connectRedis();
    const tokens = open(memory, LONG);
    await take(tokens, 10, bucket('hot'));
    await memory.close();
    const answers = await take(tokens, 100, bucket('hot'));
    expect(new Set(answers.map(({ states }) => states[0]?.countedBy))).toEqual(new Set(['lease']));
    expect((await tokens.take([bucket('hot')])).states[0]?.countedBy).toBe('local');
  });
});
