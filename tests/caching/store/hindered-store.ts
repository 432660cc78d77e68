import { onTestFinished } from 'vitest';
import { createCacheStore, type CacheStore } from '../../../plugins/caching/store/index.ts';
import { connectRedis, StoreUnavailableError, type SharedStore } from '../../../plugins/redis/index.ts';
import { recordingLogger } from '../../redis/recording-logger.ts';

/** Nothing ends by a time limit. */
const PATIENT_MS = 2000;

/** What stands between a process and Redis. Commands go by the names of their scripts or methods. */
export interface Hindrances {
  /** What a command waits for before it is sent, and before its answer is here. */
  readonly sent?: (command: string) => Promise<unknown> | undefined;
  readonly answered?: (command: string) => Promise<unknown> | undefined;
  /** What each message waits for, and what is told of the subscription. */
  readonly heard?: () => Promise<unknown> | undefined;
  /** Whether a command is carried out and not answered. */
  readonly isLost?: (command: string) => boolean;
}

/** A store whose subscription is lost, and comes to stand again, when one says so. */
export interface HinderedStore extends SharedStore {
  /** What is published from now on does not come through; of that it is told as of all else. */
  cut(): void;
  mend(): void;
}

export interface HinderedCache {
  readonly cache: CacheStore;
  readonly store: HinderedStore;
}

/** A cache as one gateway process holds it; closed when the test is finished. */
export function openHindered(url: string, hindrances: Hindrances = {}): HinderedCache {
  const shared = connectRedis({ url, commandTimeoutMs: PATIENT_MS, log: recordingLogger().log });
  const store = hinderedStore(shared, hindrances);
  const cache = createCacheStore({ shared: store, timeoutMs: PATIENT_MS });
  onTestFinished(async () => {
    await cache.close();
    await store.close();
  });
  return { cache, store };
}

function hinderedStore(store: SharedStore, hindrances: Hindrances): HinderedStore {
  const { sent, answered, heard, isLost } = hindrances;
  const told = new Set<Readonly<Record<'lost' | 'stands', () => void>>>();
  let isCut = false;

  async function command<T>(name: string, send: () => Promise<T>): Promise<T> {
    await sent?.(name);
    const [outcome] = await Promise.allSettled([send()]);
    await answered?.(name);
    if (isLost?.(name)) throw new StoreUnavailableError(`There was no answer to ${name}.`);
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  }

  /** In their order, as far as what they wait for comes in order. */
  function later(work: (() => unknown) | undefined): void {
    const first = heard?.();
    if (first === undefined) work?.();
    else void first.then(work);
  }

  return {
    ...store,
    get: (...args) => command('get', () => store.get(...args)),
    getMany: (...args) => command('getMany', () => store.getMany(...args)),
    setMany: (...args) => command('setMany', () => store.setMany(...args)),
    claim: (...args) => command('claim', () => store.claim(...args)),
    release: (...args) => command('release', () => store.release(...args)),
    run: (script, ...args) => command(script.name, () => store.run(script, ...args)),

    async subscribe(channel, listener, onReconnect, onLost) {
      const one = { lost: () => void onLost?.(), stands: () => void onReconnect?.() };
      told.add(one);
      const leave = await store.subscribe(
        channel,
        (message) => {
          if (!isCut) later(() => listener(message));
        },
        onReconnect,
        onLost,
      );
      return () => {
        told.delete(one);
        leave();
      };
    },

    cut() {
      isCut = true;
      for (const { lost } of told) later(lost);
    },

    mend() {
      isCut = false;
      for (const { stands } of told) later(stands);
    },
  };
}
