import { expect, test } from 'vitest';
import { cachingFromEnvironment, useCaching, type CachingOptions } from '../../plugins/caching/index.ts';
import { connectRedis } from '../../plugins/redis/index.ts';

const store = connectRedis({ url: undefined, log: { info() {}, warn() {}, error() {} } });

test.each<[Partial<CachingOptions>, string]>([
  [{ defaultMaxAge: -1 }, 'useCaching: defaultMaxAge is -1; it takes seconds from 0'],
  [{ staleIfError: Number.NaN }, 'useCaching: staleIfError is NaN; it takes seconds from 0'],
  [{ clientDirectives: 'obey' as 'honour' }, 'useCaching: clientDirectives is "obey"; it takes "honour" or "ignore"'],
  [{ hints: { Product: { maxAge: -1 } } }, 'useCaching: hints["Product"].maxAge is -1; it takes seconds from 0'],
  [{ maxBytes: 0 }, 'maxBytes takes a whole number above 0, not 0.'],
  [{ encryptionKey: 'short' }, 'encryptionKey takes 32 bytes in base64'],
])('%j stops the gateway, and says what it takes', (options, message) => {
  expect(() => useCaching({ store, ...options })).toThrow(message);
});

test('an empty CACHE_ENCRYPTION_KEY is none', () => {
  expect(cachingFromEnvironment({ CACHE_ENCRYPTION_KEY: '' })).toEqual({ encryptionKey: undefined });
});
