import type { SharedStore } from '../../redis/index.ts';
import { fileKeyStore } from './file-key-store.ts';
import { redisKeyStore } from './redis-key-store.ts';
import type { KeyStore } from './store.ts';

const DEFAULT_DIRECTORY = '.gatehouse';

/** Where API keys are kept: in Redis, or without it in `keys.json` in the folder `GATEHOUSE_DIR`. */
export function keyStoreFromEnvironment(env: NodeJS.ProcessEnv, redis: SharedStore): KeyStore {
  return redis.kind === 'redis' ? redisKeyStore(redis) : fileKeyStore(env.GATEHOUSE_DIR || DEFAULT_DIRECTORY);
}
