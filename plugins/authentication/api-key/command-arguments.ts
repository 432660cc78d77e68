import { parseArgs } from 'node:util';
import { parseAddressRange } from '../../client-address/index.ts';
import type { Rate } from '../../request-context.ts';
import { parseOrigin } from './allowed-origins.ts';
import { parseExpiry } from './expiry.ts';
import type { NewKey } from './new-record.ts';

export const USAGE = `Usage: npm run keys -- create --name NAME [options]
       npm run keys -- list [--format text|json]
       npm run keys -- revoke ID

Makes, lists and revokes API keys. They are kept in Redis (REDIS_URL), or without it in keys.json in GATEHOUSE_DIR.
create prints the key on standard output, this once: what is kept of it is a hash, made with API_KEY_SECRET.
  --name NAME          what it is for
  --owner ID           the principal it speaks for (default: the key's id)
  --client ID          the application it is given to (default: the key's id)
  --kind user|client   what the owner is (default: client)
  --scope S, --role R  what it may do; each may be given several times
  --tier TIER          its class of service, for limits
  --limit POLICY=N/R   its own rate in place of a policy's: N at once, R a second; may be given several times
  --expires WHEN       30d, or a date or time such as 2030-01-31T12:00:00Z (default: never)
  --origin URL         only for pages of this origin; may be given several times
  --address RANGE      only from this address or range (10.0.0.0/8); may be given several times
  --format text|json   (default: text)`;

/** What `npm run keys` is asked to do. */
export type KeyCommand =
  | { readonly do: 'help' }
  | { readonly do: 'create'; readonly wanted: NewKey; readonly format: Format }
  | { readonly do: 'list'; readonly format: Format }
  | { readonly do: 'revoke'; readonly id: string };

type Format = 'text' | 'json';

const text = { type: 'string' } as const;
const several = { type: 'string', multiple: true } as const;
const format = { type: 'string', default: 'text' } as const;

/** Reads the arguments of `npm run keys`. Throws an Error that names the one which is wrong or missing. */
export function readCommand([command = '', ...args]: readonly string[], now: Date): KeyCommand {
  if (command === '--help' || args.includes('--help')) return { do: 'help' };
  switch (command) {
    case 'create':
      return readCreate(args, now);
    case 'list':
      return { do: 'list', format: readFormat(parseArgs({ args, options: { format } }).values.format) };
    case 'revoke': {
      const [id, ...rest] = parseArgs({ args, allowPositionals: true }).positionals;
      if (id === undefined || rest.length > 0) throw new Error('revoke takes the id of one key');
      return { do: 'revoke', id };
    }
    default:
      throw new Error(`There is no command "${command}"; create, list and revoke are taken`);
  }
}

function readCreate(args: string[], now: Date): KeyCommand {
  const lists = { scope: several, role: several, origin: several, address: several, limit: several };
  const { values } = parseArgs({
    args,
    options: { name: text, owner: text, client: text, kind: text, tier: text, expires: text, ...lists, format },
  });
  const { name, owner, client, kind = 'client', scope = [], role = [], tier, expires, origin, address, limit } = values;
  if (name === undefined) throw new Error('--name is missing; it says what the key is for');
  address?.forEach(parseAddressRange);
  const wanted: NewKey = {
    name,
    ...(owner !== undefined && { owner }),
    ...(client !== undefined && { clientId: client }),
    // Checked with the rest of the record.
    kind: kind as NewKey['kind'],
    scopes: scope,
    roles: role,
    ...(tier !== undefined && { tier }),
    ...(limit && { limits: Object.fromEntries(limit.map(readLimit)) }),
    ...(expires !== undefined && { expiresAt: parseExpiry(expires, now).toISOString() }),
    ...(origin && { allowedOrigins: origin.map(parseOrigin) }),
    ...(address && { allowedAddresses: address }),
  };
  return { do: 'create', wanted, format: readFormat(values.format) };
}

function readLimit(given: string): [policy: string, rate: Rate] {
  const [, policy, capacity, refillPerSecond] = /^([\w-]+)=([\d.]+)\/([\d.]+)$/.exec(given) ?? [];
  if (policy === undefined) throw new Error(`--limit is "${given}"; it takes POLICY=N/R such as requests=200/50`);
  return [policy, { capacity: Number(capacity), refillPerSecond: Number(refillPerSecond) }];
}

function readFormat(value: string): Format {
  if (value === 'text' || value === 'json') return value;
  throw new Error(`--format is "${value}"; it takes text or json`);
}
