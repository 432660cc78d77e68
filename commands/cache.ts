import { MAX_LIMIT, readCommand, USAGE, type CacheCommand } from '../plugins/caching/command-arguments.ts';
import { cacheStats, entriesOf, type CacheStats, type InspectedEntry } from '../plugins/caching/store/inspect.ts';
import { invalidateOnce } from '../plugins/caching/store/invalidate-once.ts';
import { createSeal, type Seal } from '../plugins/caching/store/redis/seal.ts';
import { tagsToInvalidate, type Invalidation } from '../plugins/caching/tags/tag.ts';
import { connectRedis, type SharedStore } from '../plugins/redis/index.ts';

/** The store's own default is for requests, which nobody may keep waiting. */
const COMMAND_TIMEOUT_MS = 5_000;

const { env } = process;

async function main(command: CacheCommand): Promise<void> {
  if (command.do === 'help') return console.log(USAGE);
  const store = connectRedis({ url: env.REDIS_URL, commandTimeoutMs: COMMAND_TIMEOUT_MS });
  if (store.kind === 'memory') {
    throw new Error('REDIS_URL is not set: without it, the cache is known to the gateway alone');
  }
  try {
    const [result, text] = await answer(command, store);
    console.log(command.format === 'json' ? JSON.stringify(result, null, 2) : text);
  } finally {
    await store.close();
  }
}

async function answer(
  command: Exclude<CacheCommand, { do: 'help' }>,
  store: SharedStore,
): Promise<readonly [result: object, text: string]> {
  switch (command.do) {
    case 'stats': {
      const stats = await cacheStats(store);
      return [stats, statsText(stats)];
    }
    case 'get': {
      const { selected, limit, values } = command;
      const options = { limit, values, seal: sealFromEnvironment() };
      const found = await entriesOf(store, tagsToInvalidate(selected), options);
      const last = found.more ? `There are more than these ${limit}; --limit takes up to ${MAX_LIMIT}.` : [];
      return [found, found.entries.map(entryText).concat(last).join('\n') || 'There are none.'];
    }
    case 'invalidate': {
      const invalidated = await invalidate(store, command.selected);
      return [{ invalidated }, `${invalidated} ${invalidated === 1 ? 'entry' : 'entries'} went.`];
    }
  }
}

async function invalidate(store: SharedStore, selected: Invalidation): Promise<number> {
  try {
    return await invalidateOnce(store, tagsToInvalidate(selected), COMMAND_TIMEOUT_MS);
  } catch (error) {
    const why = (error as Error).message;
    throw new Error(`It was not delivered, or not to its end; run it again. ${why}`, { cause: error });
  }
}

function sealFromEnvironment(): Seal | undefined {
  if (!env.CACHE_ENCRYPTION_KEY) return undefined;
  try {
    return createSeal(env.CACHE_ENCRYPTION_KEY);
  } catch (error) {
    // It calls the key by the name of the gateway's option.
    throw new Error(`CACHE_ENCRYPTION_KEY is no key: ${(error as Error).message}`, { cause: error });
  }
}

function statsText({ entries, lastInvalidation, epoch, nextInvalidationTakesAll, redis }: CacheStats): string {
  const lines = [
    `entries            ${entries}`,
    `last invalidation  ${lastInvalidation.at} (${lastInvalidation.sequence})`,
    `epoch              ${epoch}`,
    `Redis memory       ${redis.usedMemoryBytes} bytes`,
    `evicted keys       ${redis.evictedKeys}`,
  ];
  if (nextInvalidationTakesAll)
    lines.push('Keys were evicted: the next invalidation, of whatever, takes everything out.');
  return lines.join('\n');
}

function entryText(entry: InspectedEntry): string {
  const { id, bytes } = entry;
  if ('unreadable' in entry) return printable(`${id}  ${bytes} bytes; cannot be read: ${entry.unreadable}`);
  const { tags, state, ageSeconds, freshForSeconds, value } = entry;
  const lines = [
    `${id}  ${state}, ${ageSeconds} s old, fresh for ${freshForSeconds} s, ${bytes} bytes`,
    `  ${tags.join('  ')}`,
    ...(value === undefined ? [] : [`  ${value}`]),
  ];
  return lines.map(printable).join('\n');
}

/** What clients and subgraphs have a part in says nothing to a terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function readArguments(): CacheCommand | undefined {
  try {
    return readCommand(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return undefined;
  }
}

try {
  const command = readArguments();
  if (command === undefined) process.exitCode = 1;
  else await main(command);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
