import { parseAddressRange } from '../../client-address/index.ts';
import { parseOrigin } from './allowed-origins.ts';
import { BYTES_32, KEY_ID } from './key-text.ts';
import type { ApiKeyRecord } from './record.ts';

interface Field {
  readonly takes: string;
  readonly fits: (value: unknown) => boolean;
  readonly optional?: true;
}

/** A scope token of RFC 6749, section 3.3. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/;
/** Names are printed in terminals and logs. */
const NAME = /^[^\p{Cc}\p{Zl}\p{Zp}]{1,200}$/u;

const name: Field = { takes: '1 to 200 characters, none of them a control character', fits: matches(NAME) };
const time: Field = { takes: 'a time such as 2030-01-31T00:00:00.000Z', fits: isTime };
const FIELDS: Readonly<Record<keyof ApiKeyRecord, Field>> = {
  id: { takes: '12 to 32 characters of a-z and 0-9', fits: matches(KEY_ID) },
  hash: { takes: '32 bytes in base64url', fits: matches(BYTES_32) },
  name,
  owner: { ...name, optional: true },
  clientId: { ...name, optional: true },
  kind: { takes: 'user or client', fits: (value) => value === 'user' || value === 'client' },
  scopes: { takes: 'a list of scopes (RFC 6749, section 3.3)', fits: isListOf(matches(SCOPE)) },
  roles: { takes: `a list; each role takes ${name.takes}`, fits: isListOf(name.fits) },
  tier: { ...name, optional: true },
  limits: {
    takes: 'rates by policy: {"requests": {"capacity": 100, "refillPerSecond": 10}}',
    fits: isRates,
    optional: true,
  },
  claims: { takes: 'an object', fits: isObject, optional: true },
  createdAt: time,
  expiresAt: { ...time, optional: true },
  allowedOrigins: {
    takes: 'a list of origins such as https://app.example.com',
    fits: isSome(isOrigin),
    optional: true,
  },
  allowedAddresses: { takes: 'a list of addresses or ranges', fits: isSome(isAddressRange), optional: true },
  revokedAt: { ...time, optional: true },
};

/** Why a value is no record, in words; undefined when it is one. */
export function problemOf(value: unknown): string | undefined {
  if (!isObject(value)) return 'it is no object';
  // It may be a restriction that this version does not know.
  const unknown = Object.keys(value).find((key) => !Object.hasOwn(FIELDS, key));
  if (unknown !== undefined) return `${JSON.stringify(unknown)} is no field of it`;
  for (const [key, { takes, fits, optional }] of Object.entries(FIELDS)) {
    const isThere = Object.hasOwn(value, key);
    if (isThere ? !fits(value[key]) : !optional) return `${key} takes ${takes}`;
  }
  return undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function matches(form: RegExp): (value: unknown) => boolean {
  return (value) => typeof value === 'string' && form.test(value);
}

function isListOf(fits: (value: unknown) => boolean): (value: unknown) => boolean {
  return (value) => Array.isArray(value) && value.every(fits);
}

function isSome(fits: (value: unknown) => boolean): (value: unknown) => boolean {
  return (value) => isListOf(fits)(value) && (value as unknown[]).length > 0;
}

function isTime(value: unknown): boolean {
  const read = typeof value === 'string' ? new Date(value) : undefined;
  return read !== undefined && !Number.isNaN(read.getTime()) && read.toISOString() === value;
}

function isRates(value: unknown): boolean {
  return isObject(value) && Object.values(value).every(isRate);
}

function isRate(value: unknown): boolean {
  if (!isObject(value) || Object.keys(value).length !== 2) return false;
  const { capacity, refillPerSecond } = value;
  // As `checkBucket` in plugins/limits has them.
  const [MOST, LONGEST] = [1e9, 366 * 86_400];
  if (typeof capacity !== 'number' || !(capacity >= 1e-6 && capacity <= MOST)) return false;
  return typeof refillPerSecond === 'number' && refillPerSecond >= capacity / LONGEST && refillPerSecond <= MOST;
}

function isOrigin(value: unknown): boolean {
  return typeof value === 'string' && succeeds(() => parseOrigin(value)) && parseOrigin(value) === value;
}

function isAddressRange(value: unknown): boolean {
  return typeof value === 'string' && succeeds(() => parseAddressRange(value));
}

function succeeds(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}
