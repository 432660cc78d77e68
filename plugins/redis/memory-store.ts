import { deliver, type Subscription } from './fan-out.ts';
import type { Log } from './log.ts';
import type { ScriptMemory } from './script.ts';
import { ANYONE, checkTtl, closedError, StoreUnavailableError, type SharedStore } from './store.ts';

/** Live keys. Like Redis at its memory limit with `noeviction`, a full store refuses: a dropped claim would be a lie. */
const MAX_KEYS = 100_000;
const FIRST_SWEEP_AT_KEYS = 1024;
/** A full store is not swept for every write that it refuses. */
const SWEEP_PAUSE_MS = 1000;

interface Entry {
  readonly value: string | Buffer;
  /** On the clock of `performance.now()`. */
  readonly expiresAt: number;
}

/**
 * The stand-in for Redis in a single process. Expired keys are dropped when they are met, and all of them whenever the
 * store has doubled since the last time, so that it holds at most twice what lives.
 */
export function memoryStore(log: Log): SharedStore {
  const entries = new Map<string, Entry>();
  const channels = new Map<string, Set<Subscription>>();
  let sweepAt = FIRST_SWEEP_AT_KEYS;
  let sweptAt = -Infinity;
  let closed = false;

  function assertOpen(): void {
    if (closed) throw closedError();
  }

  function live(key: string): string | Buffer | undefined {
    const entry = entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.expiresAt > performance.now()) return entry.value;
    entries.delete(key);
    return undefined;
  }

  const read = (key: string): string | undefined => live(key)?.toString();

  function write(key: string, value: string | Buffer, ttlMs: number | undefined): void {
    if (!entries.has(key)) makeRoom(1);
    entries.set(key, { value, expiresAt: ttlMs === undefined ? Infinity : performance.now() + ttlMs });
  }

  /** Throws StoreUnavailableError where there is none for so many new keys. */
  function makeRoom(keys: number): void {
    if (entries.size + keys <= sweepAt) return;
    const now = performance.now();
    if (entries.size + keys <= MAX_KEYS || now - sweptAt > SWEEP_PAUSE_MS) {
      sweptAt = now;
      for (const [key, entry] of entries) if (entry.expiresAt <= now) entries.delete(key);
      sweepAt = Math.min(MAX_KEYS, Math.max(FIRST_SWEEP_AT_KEYS, entries.size * 2));
    }
    if (entries.size + keys <= MAX_KEYS) return;
    throw new StoreUnavailableError(`The in-memory store is full (${MAX_KEYS} keys): set REDIS_URL.`);
  }

  const scriptMemory: ScriptMemory = {
    get: (key) => read(key) ?? null,
    set(key, value, ttlMs) {
      checkTtl(ttlMs);
      write(key, value, ttlMs);
    },
    delete: (key) => void entries.delete(key),
  };

  return {
    kind: 'memory',

    async get(key) {
      assertOpen();
      return read(key) ?? null;
    },

    async getMany(keys) {
      assertOpen();
      return keys.map((key) => {
        const value = live(key);
        return value === undefined ? null : Buffer.from(value);
      });
    },

    async setMany(values) {
      assertOpen();
      for (const { ttlMs } of values) checkTtl(ttlMs);
      for (const { key, value, ttlMs } of values) write(key, Buffer.from(value), ttlMs);
    },

    async set(key, value, { ttlMs } = {}) {
      assertOpen();
      if (ttlMs !== undefined) checkTtl(ttlMs);
      write(key, value, ttlMs);
    },

    async claim(key, ttlMs, owner = ANYONE) {
      assertOpen();
      checkTtl(ttlMs);
      if (read(key) !== undefined) return false;
      write(key, owner, ttlMs);
      return true;
    },

    async release(key, owner = ANYONE) {
      assertOpen();
      if (read(key) === owner) entries.delete(key);
    },

    async run(script, keys, args) {
      assertOpen();
      // For all of its keys: a script must not be stopped half-way by a full store.
      makeRoom(keys.filter((key) => !entries.has(key)).length);
      return script.inMemory(keys, args, scriptMemory, Date.now());
    },

    async publish(channel, message) {
      assertOpen();
      // As with Redis, the publisher's code is not run through by its listeners.
      queueMicrotask(() => deliver(channel, channels.get(channel) ?? new Set(), message, log));
    },

    async subscribe(channel, listener, onReconnect, onLost) {
      assertOpen();
      const subscription: Subscription = { listener, onReconnect, onLost };
      const subscriptions = channels.get(channel) ?? new Set();
      channels.set(channel, subscriptions.add(subscription));
      return () => {
        subscriptions.delete(subscription);
        if (subscriptions.size === 0 && channels.get(channel) === subscriptions) channels.delete(channel);
      };
    },

    status: () => ({ status: 'off' }),

    async close() {
      closed = true;
      entries.clear();
      channels.clear();
    },
  };
}
