import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  StoreUnavailableError,
  type ScriptArgument,
  type SharedStore,
  type StoreScript,
} from '../../plugins/redis/index.ts';

const WAIT = { timeout: 10_000, interval: 5 };
const LONG_MS = 60_000;

/** Two stores with the same state, as two gateway processes hold them; in memory they are one and the same. */
export interface StorePair {
  readonly one: SharedStore;
  readonly other: SharedStore;
  open(): SharedStore;
  /** Makes the servers forget all scripts. */
  flushScripts(): Promise<void>;
  close(): Promise<void>;
}

/** Takes ARGV[1] from both of two pots of ARGV[2], or from neither; they are full again ARGV[3] ms later. */
const TAKE_FROM_BOTH: StoreScript<readonly [number, string | null]> = {
  name: 'take-from-both',
  lua: `
    local one, other = tonumber(redis.call('GET', KEYS[1]) or ARGV[2]), tonumber(redis.call('GET', KEYS[2]) or ARGV[2])
    local amount = tonumber(ARGV[1])
    if amount > one or amount > other then return {0, redis.call('GET', KEYS[1])} end
    redis.call('SET', KEYS[1], one - amount, 'PX', ARGV[3])
    redis.call('SET', KEYS[2], other - amount, 'PX', ARGV[3])
    return {1, redis.call('GET', KEYS[1])}`,
  inMemory([first = '', second = ''], args, memory) {
    const [amount, full, ttlMs] = args.map(Number) as [number, number, number];
    const [one, other] = [first, second].map((key) => Number(memory.get(key) ?? full)) as [number, number];
    if (amount > one || amount > other) return [0, memory.get(first)];
    memory.set(first, String(one - amount), ttlMs);
    memory.set(second, String(other - amount), ttlMs);
    return [1, memory.get(first)];
  },
};

const CLOCK: StoreScript<number> = {
  name: 'clock',
  lua: `return tonumber(redis.call('TIME')[1])`,
  inMemory: (_keys, _args, _memory, nowMs) => Math.floor(nowMs / 1000),
};

const BROKEN: StoreScript<number> = {
  name: 'broken',
  lua: `return redis.call('GET', KEYS[1]) + 1`,
  inMemory: () => {
    throw new StoreUnavailableError('the script broken failed');
  },
};

const FORGET: StoreScript<null> = {
  name: 'forget',
  lua: `redis.call('DEL', KEYS[1]) return false`,
  inMemory([key = ''], _args, memory) {
    memory.delete(key);
    return null;
  },
};

/** What every shared store promises. */
export function storeContract(name: string, openPair: () => Promise<StorePair>): void {
  describe(`the shared store in ${name}`, () => {
    let pair: StorePair;
    let one: SharedStore;
    let other: SharedStore;
    let keys = 0;
    const newKey = (): string => `contract:${++keys}`;

    beforeAll(async () => {
      pair = await openPair();
      ({ one, other } = pair);
    });
    afterAll(() => pair?.close());

    describe('values', () => {
      it('are null where nothing was set', async () => {
        expect(await one.get(newKey())).toBeNull();
      });

      it('are read by every process, whatever text they are', async () => {
        const texts = fc.string({ unit: 'grapheme', maxLength: 200 });
        await fc.assert(
          fc.asyncProperty(texts, texts, async (suffix, value) => {
            const key = newKey() + suffix;
            await one.set(key, value);
            expect(await other.get(key)).toBe(value);
          }),
          { numRuns: 30 },
        );
      });

      it('are gone when their time to live has passed', async () => {
        const key = newKey();
        await one.set(key, 'short', { ttlMs: 20 });
        await expect.poll(() => other.get(key), WAIT).toBeNull();
      });

      it('stay when a later set gives no time to live', async () => {
        const [key, witness] = [newKey(), newKey()];
        await one.set(key, 'short', { ttlMs: 20 });
        await one.set(key, 'lasting');
        await one.set(witness, 'short', { ttlMs: 30 });
        await expect.poll(() => one.get(witness), WAIT).toBeNull();
        expect(await one.get(key)).toBe('lasting');
      });

      it.each([0, -1, 1.5, Number.NaN, Infinity])('refuse a time to live of %s', async (ttlMs) => {
        const key = newKey();
        await expect(one.set(key, 'x', { ttlMs })).rejects.toThrow(RangeError);
        await expect(one.claim(key, ttlMs)).rejects.toThrow(RangeError);
        expect(await one.get(key)).toBeNull();
      });
    });

    describe('many values', () => {
      const bytes = (size: number): Buffer => Buffer.from(Array.from({ length: size }, (_, i) => (i * 7) % 256));

      it('are read at once, in order, and null where nothing was set', async () => {
        const [text, missing, binary] = [newKey(), newKey(), newKey()];
        await one.set(text, 'snow ☃');
        await one.setMany([{ key: binary, value: bytes(1000), ttlMs: LONG_MS }]);
        expect(await other.getMany([text, missing, binary])).toEqual([Buffer.from('snow ☃'), null, bytes(1000)]);
        expect(await one.getMany([])).toEqual([]);
      });

      it('are set at once, whatever bytes they are, and replace what was there', async () => {
        const values = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 });
        await fc.assert(
          fc.asyncProperty(values, async (arrays) => {
            const made = arrays.map((value, i) => {
              const key = newKey() + (i % 3);
              return { key, value: Buffer.from(value), ttlMs: LONG_MS };
            });
            if (made[0] !== undefined) await other.set(made[0].key, 'before');
            await one.setMany(made);
            expect(await other.getMany(made.map(({ key }) => key))).toEqual(made.map(({ value }) => value));
          }),
          { numRuns: 20 },
        );
      });

      it('are text to who reads text', async () => {
        const key = newKey();
        await one.setMany([{ key, value: Buffer.from('snow ☃'), ttlMs: LONG_MS }]);
        expect(await other.get(key)).toBe('snow ☃');
      });

      it('are not changed by what happens to their bytes afterwards', async () => {
        const [key, value] = [newKey(), bytes(10)];
        await one.setMany([{ key, value, ttlMs: LONG_MS }]);
        value.fill(0);
        const [read] = await one.getMany([key]);
        expect(read).toEqual(bytes(10));
        read?.fill(0);
        expect(await one.getMany([key])).toEqual([bytes(10)]);
      });

      it('are gone when their time to live has passed, each by its own', async () => {
        const [short, long] = [newKey(), newKey()];
        await one.setMany([
          { key: short, value: bytes(1), ttlMs: 20 },
          { key: long, value: bytes(2), ttlMs: LONG_MS },
        ]);
        await expect.poll(() => other.getMany([short, long]), WAIT).toEqual([null, bytes(2)]);
      });

      it.each([0, -1, 1.5, Number.NaN, Infinity])('refuse a time to live of %s, all of them', async (ttlMs) => {
        const [good, bad] = [newKey(), newKey()];
        const values = [
          { key: good, value: bytes(1), ttlMs: LONG_MS },
          { key: bad, value: bytes(1), ttlMs },
        ];
        await expect(one.setMany(values)).rejects.toThrow(RangeError);
        expect(await one.getMany([good, bad])).toEqual([null, null]);
      });

      it('take a time limit of their own', async () => {
        const key = newKey();
        await one.setMany([{ key, value: bytes(1), ttlMs: LONG_MS }], { timeoutMs: 900 });
        expect(await one.getMany([key], { timeoutMs: 900 })).toEqual([bytes(1)]);
      });
    });

    describe('a claim', () => {
      it('is given to exactly one of many callers at once', async () => {
        const key = newKey();
        const claims = Array.from({ length: 40 }, (_, i) => (i % 2 ? one : other).claim(key, LONG_MS));
        expect((await Promise.all(claims)).filter(Boolean)).toHaveLength(1);
      });

      it('can be made again when its time has passed', async () => {
        const key = newKey();
        expect(await one.claim(key, 30)).toBe(true);
        await expect.poll(() => other.claim(key, LONG_MS), WAIT).toBe(true);
        expect(await one.claim(key, LONG_MS)).toBe(false);
      });

      it('can be made again once its owner has released it', async () => {
        const key = newKey();
        await one.claim(key, LONG_MS, 'a');
        await one.release(key, 'a');
        expect(await other.claim(key, LONG_MS, 'b')).toBe(true);
      });

      it('stays when somebody else releases it', async () => {
        const key = newKey();
        await one.claim(key, LONG_MS, 'a');
        await other.release(key, 'b');
        await other.release(key);
        expect(await other.claim(key, LONG_MS, 'b')).toBe(false);
      });

      it('is of nobody in particular without an owner', async () => {
        const key = newKey();
        await one.claim(key, LONG_MS);
        await other.release(key);
        expect(await one.claim(key, LONG_MS)).toBe(true);
      });
    });

    it('keeps values and claims like a plain table, in whatever order they are made', async () => {
      const key = fc.constantFrom('a', 'b', 'c');
      const word = fc.constantFrom('x', 'y', '');
      const step = fc.oneof(
        fc.record({ do: fc.constant('set' as const), key, value: word }),
        fc.record({ do: fc.constant('get' as const), key }),
        fc.record({ do: fc.constant('claim' as const), key, owner: word }),
        fc.record({ do: fc.constant('release' as const), key, owner: word }),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
          const prefix = newKey();
          const table = new Map<string, string>();
          for (const [i, now] of steps.entries()) {
            const store = i % 2 ? one : other;
            const at = prefix + now.key;
            const before = table.get(at);
            if (now.do === 'set') {
              await store.set(at, now.value);
              table.set(at, now.value);
            } else if (now.do === 'get') {
              expect(await store.get(at)).toBe(before ?? null);
            } else if (now.do === 'claim') {
              expect(await store.claim(at, LONG_MS, now.owner)).toBe(before === undefined);
              table.set(at, before ?? now.owner);
            } else {
              await store.release(at, now.owner);
              if (before === now.owner) table.delete(at);
            }
          }
        }),
        { numRuns: 25 },
      );
    });

    describe('a script', () => {
      const pots = (): [string, string] => {
        const tag = `{${newKey()}}`;
        return [`${tag}:one`, `${tag}:other`];
      };
      const take = (store: SharedStore, both: readonly string[], ...args: ScriptArgument[]) =>
        store.run(TAKE_FROM_BOTH, both, args);

      it('reads and writes several keys with nothing in between, whoever runs it', async () => {
        const both = pots();
        const takes = Array.from({ length: 60 }, (_, i) => take(i % 2 ? one : other, both, 1, 40, LONG_MS));
        const admitted = (await Promise.all(takes)).filter(([done]) => done === 1);
        expect(admitted.map(([, left]) => Number(left)).toSorted((a, b) => a - b)).toEqual([...Array(40).keys()]);
        expect(await Promise.all(both.map((key) => other.get(key)))).toEqual(['0', '0']);
      });

      it('does all of its work or none', async () => {
        const both = pots();
        await one.set(both[1], '3');
        expect(await take(one, both, 4, 10, LONG_MS)).toEqual([0, null]);
        expect(await other.get(both[0])).toBeNull();
        expect(await take(other, both, 3, 10, LONG_MS)).toEqual([1, '7']);
      });

      it('runs also where the server has forgotten it', async () => {
        const both = pots();
        await take(one, both, 1, 10, LONG_MS);
        await pair.flushScripts();
        const takes = Array.from({ length: 8 }, (_, i) => take(i % 2 ? one : other, both, 1, 10, LONG_MS));
        const left = (await Promise.all(takes)).map(([, text]) => Number(text));
        expect(left.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      });

      it('gives its keys a time to live, and deletes them', async () => {
        const both = pots();
        await take(one, both, 1, 10, 20);
        await expect.poll(() => other.get(both[0]), WAIT).toBeNull();
        await one.set(both[0], 'x');
        expect(await other.run(FORGET, [both[0]], [])).toBeNull();
        expect(await one.get(both[0])).toBeNull();
      });

      it('has the time', async () => {
        const before = Math.floor(Date.now() / 1000);
        const seconds = await one.run(CLOCK, [newKey()], []);
        expect(seconds).toBeGreaterThanOrEqual(before);
        expect(seconds).toBeLessThanOrEqual(Date.now() / 1000);
      });

      it('takes a time limit of its own', async () => {
        expect(await one.run(FORGET, [newKey()], [], { timeoutMs: 900 })).toBeNull();
      });

      it('that fails rejects with its name', async () => {
        await expect(one.run(BROKEN, [newKey()], [])).rejects.toThrow(/the script broken failed/);
        await expect(one.run(BROKEN, [newKey()], [])).rejects.toThrow(StoreUnavailableError);
      });
    });

    describe('messages', () => {
      it('reach every listener of their channel in every process, in order, and no other channel', async () => {
        const [channel, elsewhere] = [newKey(), newKey()];
        const heard: Record<string, string[]> = { one: [], again: [], other: [], elsewhere: [] };
        const into = (who: string) => (message: string) => void heard[who]?.push(message);
        await Promise.all([
          one.subscribe(channel, into('one')),
          one.subscribe(channel, into('again')),
          other.subscribe(channel, into('other')),
          one.subscribe(elsewhere, into('elsewhere')),
        ]);
        const sent = Array.from({ length: 20 }, (_, i) => `message ${i} – ☃`);
        for (const message of sent) await one.publish(channel, message);
        await expect.poll(() => heard, WAIT).toEqual({ one: sent, again: sent, other: sent, elsewhere: [] });
      });

      it('that nobody listens for are no error', async () => {
        await expect(one.publish(newKey(), 'hello?')).resolves.toBeUndefined();
      });

      it('are not heard inside publish', async () => {
        const channel = newKey();
        const order: string[] = [];
        await one.subscribe(channel, () => void order.push('heard'));
        const published = one.publish(channel, 'x');
        order.push('published');
        await published;
        await expect.poll(() => order, WAIT).toEqual(['published', 'heard']);
      });

      it('end with unsubscribing, for that listener only', async () => {
        const channel = newKey();
        const left = vi.fn();
        const stays = vi.fn();
        const leave = await one.subscribe(channel, left);
        await one.subscribe(channel, stays);
        leave();
        leave();
        await other.publish(channel, 'x');
        await expect.poll(() => stays.mock.calls, WAIT).toEqual([['x']]);
        expect(left).not.toHaveBeenCalled();
      });

      it('do not reach a listener that another one unsubscribed because of them', async () => {
        const channel = newKey();
        const second = vi.fn();
        const heard: string[] = [];
        await one.subscribe(channel, (message) => {
          heard.push(message);
          leave();
        });
        const leave = await one.subscribe(channel, second);
        await one.publish(channel, 'x');
        await expect.poll(() => heard, WAIT).toEqual(['x']);
        expect(second).not.toHaveBeenCalled();
      });

      it('are heard again after the last listener left and another came', async () => {
        const channel = newKey();
        const first = vi.fn();
        const second = vi.fn();
        (await one.subscribe(channel, first))();
        await one.subscribe(channel, second);
        await other.publish(channel, 'x');
        await expect.poll(() => second.mock.calls, WAIT).toEqual([['x']]);
        expect(first).not.toHaveBeenCalled();
      });

      it('reach a function once for each time it subscribed', async () => {
        const channel = newKey();
        const heard = vi.fn();
        const leave = await one.subscribe(channel, heard);
        await one.subscribe(channel, heard);
        await one.publish(channel, 'x');
        await expect.poll(() => heard.mock.calls.length, WAIT).toBe(2);
        leave();
        await one.publish(channel, 'y');
        await expect.poll(() => heard.mock.calls.slice(2), WAIT).toEqual([['y']]);
      });

      it('reach the other listeners when one throws or rejects', async () => {
        const channel = newKey();
        const heard = vi.fn();
        await one.subscribe(channel, () => {
          throw new Error('thrown on purpose');
        });
        await one.subscribe(channel, () => Promise.reject(new Error('rejected on purpose')));
        await one.subscribe(channel, heard);
        await one.publish(channel, 'x');
        await expect.poll(() => heard.mock.calls, WAIT).toEqual([['x']]);
      });

      it('do not reach a listener that subscribed because of them', async () => {
        const channel = newKey();
        const late = vi.fn();
        const early = vi.fn(async () => void (await one.subscribe(channel, late)));
        const leave = await one.subscribe(channel, early);
        await one.publish(channel, 'x');
        await expect.poll(() => early.mock.calls.length, WAIT).toBe(1);
        leave();
        await one.publish(channel, 'y');
        await expect.poll(() => late.mock.calls, WAIT).toEqual([['y']]);
      });

      it('are reported as possibly missed only when they were', async () => {
        const onReconnect = vi.fn();
        const onLost = vi.fn();
        const channel = newKey();
        const heard = vi.fn();
        await one.subscribe(channel, heard, onReconnect, onLost);
        await one.publish(channel, 'x');
        await expect.poll(() => heard.mock.calls.length, WAIT).toBe(1);
        expect(onReconnect).not.toHaveBeenCalled();
        expect(onLost).not.toHaveBeenCalled();
      });
    });

    it('says how it is', async () => {
      await one.get(newKey());
      expect(one.status()).toEqual(
        one.kind === 'memory' ? { status: 'off' } : { status: 'ok', latencyMs: expect.any(Number) as number },
      );
    });

    it('rejects everything once it is closed, and can be closed twice', async () => {
      const store = pair.open();
      await store.subscribe(newKey(), () => {});
      await store.close();
      await store.close();
      await expect(store.get('k')).rejects.toThrow(StoreUnavailableError);
      await expect(store.set('k', 'v')).rejects.toThrow(StoreUnavailableError);
      await expect(store.getMany(['k'])).rejects.toThrow(StoreUnavailableError);
      const values = [{ key: 'k', value: Buffer.from('v'), ttlMs: 1 }];
      await expect(store.setMany(values)).rejects.toThrow(StoreUnavailableError);
      await expect(store.claim('k', 1)).rejects.toThrow(StoreUnavailableError);
      await expect(store.release('k')).rejects.toThrow(StoreUnavailableError);
      await expect(store.run(CLOCK, ['k'], [])).rejects.toThrow(StoreUnavailableError);
      await expect(store.publish('c', 'm')).rejects.toThrow(StoreUnavailableError);
      await expect(store.subscribe('c', () => {})).rejects.toThrow(StoreUnavailableError);
    });
  });
}
