import type { SharedStore } from '../../plugins/redis/index.ts';

/** What looks like Redis with these values, and writes down which keys are read. */
export function memoryStoreOf(values: Readonly<Record<string, string>>, read: string[] = []): SharedStore {
  const store: Pick<SharedStore, 'kind' | 'getMany'> = {
    kind: 'redis',
    async getMany(keys) {
      read.push(...keys);
      return keys.map((key) => (values[key] === undefined ? null : Buffer.from(values[key])));
    },
  };
  return store as SharedStore;
}
