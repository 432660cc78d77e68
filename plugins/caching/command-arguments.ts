import { parseArgs } from 'node:util';
import type { Invalidation } from './tags/tag.ts';

export const USAGE = `Usage: npm run cache -- stats
       npm run cache -- get --type Product [--limit 20] [--values]
       npm run cache -- invalidate --type Product

Shows what Redis (REDIS_URL) knows of the cache, which entries would go with an invalidation, and makes them go.
get and invalidate take one of
  --entity TYPE --key JSON  an entity by one of its keys: --entity Product --key '{"upc":"1"}'
  --type TYPE               all entities of a type
  --subgraph NAME           all that was answered by a subgraph
  --tag NAME                what @cacheTag or a plugin has given this tag
  --all                     everything; invalidate only
get also takes
  --limit N                 so many entries at most, up to 1000 (default: 20)
  --values                  with what they hold
All take --format text|json (default: text).
Where entries are encrypted, get needs the CACHE_ENCRYPTION_KEY of the gateways.`;

export const MAX_LIMIT = 1000;

/** What `npm run cache` is asked to do. */
export type CacheCommand =
  | { readonly do: 'help' }
  | { readonly do: 'stats'; readonly format: Format }
  | {
      readonly do: 'get';
      readonly selected: Invalidation;
      readonly limit: number;
      readonly values: boolean;
      readonly format: Format;
    }
  | { readonly do: 'invalidate'; readonly selected: Invalidation; readonly format: Format };

type Format = 'text' | 'json';

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const format = { type: 'string', default: 'text' } as const;
const selectors = { entity: text, key: text, type: text, subgraph: text, tag: text };

/** Reads the arguments of `npm run cache`. Throws an Error that names the one which is wrong or missing. */
export function readCommand([command, ...args]: readonly string[]): CacheCommand {
  if (command === '--help' || args.includes('--help')) return { do: 'help' };
  switch (command) {
    case 'stats':
      return { do: 'stats', format: readFormat(parseArgs({ args, options: { format } }).values.format) };
    case 'get': {
      const options = { ...selectors, limit: { ...text, default: '20' }, values: flag, format };
      const { values } = parseArgs({ args, options });
      const [selected, limit] = [readSelected(values), readLimit(values.limit)];
      return { do: 'get', selected, limit, values: values.values ?? false, format: readFormat(values.format) };
    }
    case 'invalidate': {
      const { values } = parseArgs({ args, options: { ...selectors, all: flag, format } });
      return { do: 'invalidate', selected: readSelected(values), format: readFormat(values.format) };
    }
    default: {
      const wrong = command === undefined ? 'The command is missing' : `There is no command "${command}"`;
      throw new Error(`${wrong}; stats, get and invalidate are taken`);
    }
  }
}

interface Selectors extends Partial<Readonly<Record<keyof typeof selectors, string>>> {
  readonly all?: boolean;
}

function readSelected({ key, ...selected }: Selectors): Invalidation {
  const names = (['entity', 'type', 'subgraph', 'tag', 'all'] as const).filter((name) => selected[name] !== undefined);
  const [name, ...others] = names;
  if (name === undefined) throw new Error('Nothing is selected; --entity with --key, --type, --subgraph or --tag does');
  if (others.length > 0)
    throw new Error(`${names.map((one) => `--${one}`).join(' and ')} are given; it takes one of them`);
  if (selected[name] === '') throw new Error(`--${name} is empty; it takes a name`);
  if (key !== undefined && name !== 'entity') throw new Error(`--key is given with --${name}; it belongs to --entity`);
  const { entity, type, subgraph, tag } = selected;
  if (entity !== undefined) return { kind: 'entity', type: entity, key: readKey(entity, key) };
  if (type !== undefined) return { kind: 'type', type };
  if (subgraph !== undefined) return { kind: 'subgraph', subgraph };
  return tag === undefined ? { kind: 'all' } : { kind: 'tag', tag };
}

function readKey(type: string, given: string | undefined): Readonly<Record<string, unknown>> {
  if (given === undefined)
    throw new Error(`--key is missing; it says which ${type}, and --type ${type} takes them all`);
  const key = objectOf(given);
  if (key !== undefined && Object.keys(key).length > 0) return key;
  throw new Error(`--key is ${given}; it takes the fields of a key as JSON, such as '{"upc":"1"}'`);
}

/** Undefined for what is no JSON of an object. */
function objectOf(given: string): Readonly<Record<string, unknown>> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(given, exactly);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}

/** A long id would be read as that of another entity. */
function exactly(field: string, value: unknown): unknown {
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) return value;
  throw new Error(`--key has too large a number as "${field}"; it takes ids as text, in quotes`);
}

function readLimit(given: string): number {
  const limit = Number(given);
  if (/^\d+$/.test(given) && limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new Error(`--limit is "${given}"; it takes a whole number from 1 to ${MAX_LIMIT}`);
}

function readFormat(value: string): Format {
  if (value === 'text' || value === 'json') return value;
  throw new Error(`--format is "${value}"; it takes text or json`);
}
