import { Redis } from 'ioredis';
import { RateLimiterRedis, RateLimiterUnion } from 'rate-limiter-flexible';
import { createTokenStore } from '../../plugins/limits/buckets/token-store.ts';
import { connectRedis } from '../../plugins/redis/index.ts';
import { POLICIES } from './policies.ts';

export interface Limiters extends AsyncDisposable {
  /** By name: how it decides about a request. Rejects when it refuses, or did not ask Redis. */
  readonly decide: Readonly<Record<string, (request: number) => Promise<unknown>>>;
}

/** So that nothing counts alone because the machine is busy. */
const PATIENT_MS = 2000;
/** As much as the buckets hold. */
const POINTS = 1e6;
const DURATION_S = 10;

/** Gatehouse's token store, with leases and without, and `rate-limiter-flexible`, all on one Redis. */
export function limitersOn(url: string): Limiters {
  const store = connectRedis({ url, commandTimeoutMs: PATIENT_MS });
  const plain = createTokenStore({ store, timeoutMs: PATIENT_MS });
  const leased = createTokenStore({ store, timeoutMs: PATIENT_MS, leases: {} });
  const client = new Redis(url, { enableOfflineQueue: true });
  const flexible = (keyPrefix: string) =>
    new RateLimiterRedis({ storeClient: client, keyPrefix, points: POINTS, duration: DURATION_S });
  const one = flexible('client');
  const union = new RateLimiterUnion(one, flexible('operation'), flexible('all'));

  const taking = (tokens: typeof plain, name: string) => async (request: number) => {
    const { outcome, states } = await tokens.take(POLICIES[name]?.(request) ?? []);
    if (outcome !== 'admitted' || states.some(({ countedBy }) => countedBy === 'local')) {
      throw new Error(`${name}: Redis did not answer in time`);
    }
  };

  return {
    decide: {
      ...Object.fromEntries(Object.keys(POLICIES).map((name) => [name, taking(plain, name)])),
      'bucket1.leases': taking(leased, 'bucket1'),
      flexible1: (request) => one.consume(String(request % 1000)),
      flexible3: (request) => union.consume(String(request % 1000)),
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([plain.close(), leased.close()]);
      await store.close();
      client.disconnect();
    },
  };
}
