import { keyStoreFromEnvironment } from '../../plugins/authentication/api-key/index.ts';
import { keyHasher } from '../../plugins/authentication/api-key/key-hash.ts';
import { newRecord } from '../../plugins/authentication/api-key/new-record.ts';
import { connectRedis } from '../../plugins/redis/index.ts';
import type { DemoUser } from './users.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** The store's own default is for requests, which nobody may keep waiting. */
const COMMAND_TIMEOUT_MS = 5000;

/** Where the key is kept, and what its hash is keyed with, as the gateway reads it. */
export interface KeyEnvironment extends NodeJS.ProcessEnv {
  readonly API_KEY_SECRET: string;
}

/** Makes an API key for a user, good for a day, and gives its text. Rejects when it cannot be stored. */
export async function createApiKey({ id, ...may }: DemoUser, env: KeyEnvironment, now: Date): Promise<string> {
  const expiresAt = new Date(now.getTime() + DAY_MS).toISOString();
  const wanted = { name: 'npm start', owner: id, kind: 'user', ...may, expiresAt } as const;
  const { key, record } = newRecord(wanted, keyHasher(env.API_KEY_SECRET), now);
  const redis = connectRedis({ url: env.REDIS_URL, commandTimeoutMs: COMMAND_TIMEOUT_MS });
  try {
    await keyStoreFromEnvironment(env, redis).create(record);
  } finally {
    await redis.close();
  }
  return key;
}
