import { readCommand, USAGE, type KeyCommand } from '../plugins/authentication/api-key/command-arguments.ts';
import { KeyRecordError, keyStoreFromEnvironment, type KeyStore } from '../plugins/authentication/api-key/index.ts';
import { keyHasher, type KeyHasher } from '../plugins/authentication/api-key/key-hash.ts';
import { keyTable, listedKey } from '../plugins/authentication/api-key/listing.ts';
import { newRecord } from '../plugins/authentication/api-key/new-record.ts';
import { connectRedis } from '../plugins/redis/index.ts';

/** The store's own default is for requests, which nobody may keep waiting. */
const COMMAND_TIMEOUT_MS = 5000;

const { env } = process;
const now = new Date();

function main(command: KeyCommand): number | Promise<number> {
  switch (command.do) {
    case 'help':
      console.log(USAGE);
      return 0;
    case 'create':
      return create(command);
    case 'list':
      return list(command);
    case 'revoke':
      return revoke(command);
  }
}

async function create({ wanted, format }: KeyCommand & { do: 'create' }): Promise<number> {
  const { key, record } = newRecord(wanted, hasherFromEnvironment(), now);
  await withStore((store) => store.create(record));
  if (format === 'json') printJson({ key, ...listedKey(record, now) });
  else console.log(key);
  console.error(`Created the API key ${record.id} (${record.name}). Its text is not shown again.`);
  return 0;
}

async function list({ format }: KeyCommand & { do: 'list' }): Promise<number> {
  const found = await withStore((store) => store.list());
  const keys = found.flatMap((record) => (record instanceof KeyRecordError ? [] : listedKey(record, now)));
  if (format === 'json') printJson(keys);
  else console.log(keyTable(keys));
  const unusable = found.filter((record) => record instanceof KeyRecordError);
  for (const { message } of unusable) console.error(message);
  return unusable.length > 0 ? 1 : 0;
}

async function revoke({ id }: KeyCommand & { do: 'revoke' }): Promise<number> {
  const record = await withStore((store) => store.revoke(id, now));
  if (record === undefined) {
    // What was typed may be a whole key.
    console.error('There is no API key with this id; list shows those there are.');
    return 1;
  }
  console.error(`The API key ${id} (${record.name}) is revoked since ${record.revokedAt}.`);
  return 0;
}

function hasherFromEnvironment(): KeyHasher {
  if (env.API_KEY_SECRET) return keyHasher(env.API_KEY_SECRET);
  throw new Error(
    'API_KEY_SECRET is not set. It keys the hashes of API keys, and is the same here and for every gateway.\n' +
      'Make one, once, and keep it where the gateways find it: openssl rand -base64 32',
  );
}

async function withStore<T>(use: (store: KeyStore) => Promise<T>): Promise<T> {
  const redis = connectRedis({ url: env.REDIS_URL, commandTimeoutMs: COMMAND_TIMEOUT_MS });
  try {
    return await use(keyStoreFromEnvironment(env, redis));
  } finally {
    await redis.close();
  }
}

function printJson(value: object): void {
  console.log(JSON.stringify(value, null, 2));
}

function readArguments(): KeyCommand | undefined {
  try {
    return readCommand(process.argv.slice(2), now);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return undefined;
  }
}

try {
  const command = readArguments();
  process.exitCode = command === undefined ? 1 : await main(command);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
