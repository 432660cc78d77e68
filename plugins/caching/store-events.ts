import type { CachingOptions } from './options.ts';
import type { CacheEvent } from './store/index.ts';

const LOG_EVERY_MS = 10_000;

/** Logs what the store tells; of what may happen with every request, one in ten seconds. */
export function storeEvents(log: CachingOptions['log']): (event: CacheEvent) => void {
  const nextAt = new Map<CacheEvent['type'], number>();

  function isTime(type: CacheEvent['type']): boolean {
    const now = performance.now();
    if (now < (nextAt.get(type) ?? 0)) return false;
    nextAt.set(type, now + LOG_EVERY_MS);
    return true;
  }

  return (event) => {
    switch (event.type) {
      case 'dropped':
        return log?.info('Emptied the first tier of the cache: invalidations may have been missed');
      case 'undelivered': {
        const { tags } = event;
        if (tags === 0) return log?.info('Cache invalidations have reached Redis again');
        return log?.warn({ tags }, 'Cache invalidations do not reach Redis; they are tried again until they do');
      }
      case 'unreadable':
        if (isTime(event.type)) {
          log?.warn(
            'A cache entry in Redis cannot be read: of another CACHE_ENCRYPTION_KEY, or damaged. It counts as missing',
          );
        }
        return;
      case 'refresh failed':
        if (isTime(event.type)) log?.warn({ err: event.error }, 'What is stale could not be fetched anew');
    }
  };
}
