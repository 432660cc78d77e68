import { describe, expect, it, vi } from 'vitest';
import { connectRedis, StoreUnavailableError, type StoreScript } from '../../plugins/redis/index.ts';
import { storeContract } from './contract.ts';
import { recordingLogger } from './recording-logger.ts';

storeContract('memory', async () => {
  const { log } = recordingLogger();
  const store = connectRedis({ log });
  return {
    one: store,
    other: store,
    open: () => connectRedis({ log }),
    flushScripts: async () => {},
    close: () => store.close(),
  };
});

describe('the store in memory', () => {
  it('logs the error of a listener with its channel', async () => {
    const { log, lines } = recordingLogger();
    const store = connectRedis({ log });
    await store.subscribe('news', () => Promise.reject(new Error('no paper')));
    await store.publish('news', 'x');
    await expect.poll(lines).toContain('error: A subscriber failed. {"channel":"news","error":"no paper"}');
  });

  it('shows the error of a listener as a process warning where there is no log', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const store = connectRedis();
    await store.subscribe('news', () => Promise.reject(new Error('no paper')));
    await store.publish('news', 'x');
    await expect.poll(() => warn.mock.calls).toEqual([[expect.stringContaining('no paper')]]);
    warn.mockRestore();
  });

  it('refuses new keys when it is full, and takes them again when old ones have expired', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const store = connectRedis();
      for (let i = 0; i < 100_000; i++) await store.set(`key ${i}`, 'x', { ttlMs: 60_000 });
      await expect(store.set('one more', 'x')).rejects.toThrow(/full \(100000 keys\): set REDIS_URL/);
      await expect(store.claim('one more', 1000)).rejects.toThrow(StoreUnavailableError);
      await store.set('key 7', 'an old key is written as ever');
      vi.advanceTimersByTime(61_000);
      await store.set('one more', 'x');
      expect(await store.get('key 8')).toBeNull();
      expect(await store.get('key 7')).toBe('an old key is written as ever');
    } finally {
      vi.useRealTimers();
    }
  });

  it('that is full runs a script on keys that it has, and none that may add one', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const addBoth: StoreScript<number> = {
      name: 'add-both',
      lua: '',
      inMemory(keys, _args, memory) {
        for (const key of keys) memory.set(key, 'x', 1000);
        return keys.length;
      },
    };
    try {
      const store = connectRedis();
      for (let i = 0; i < 99_999; i++) await store.set(`key ${i}`, 'x');
      await expect(store.run(addBoth, ['new', 'newer'], [])).rejects.toThrow(/full \(100000 keys\)/);
      expect(await store.get('new')).toBeNull();
      expect(await store.run(addBoth, ['new', 'key 1'], [])).toBe(2);
      vi.advanceTimersByTime(1001);
      expect(await store.run(addBoth, ['newer', 'newest'], [])).toBe(2);
    } finally {
      vi.useRealTimers();
    }
  });

  it('refuses a time to live from a script that Redis would refuse', async () => {
    const lasting: StoreScript<null> = {
      name: 'lasting',
      lua: '',
      inMemory([key = ''], _args, memory) {
        memory.set(key, 'x', 0);
        return null;
      },
    };
    await expect(connectRedis().run(lasting, ['k'], [])).rejects.toThrow(RangeError);
  });

  it('takes any number of short-lived keys, one after the other', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const store = connectRedis();
      for (let i = 0; i < 250_000; i++) {
        await store.claim(`id ${i}`, 10);
        if (i % 1000 === 0) vi.advanceTimersByTime(10);
      }
      expect(await store.claim('id 0', 10)).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });
});
