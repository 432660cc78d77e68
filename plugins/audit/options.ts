import type { IncomingMessage } from 'node:http';
import type { Logger } from '@graphql-hive/gateway';
import type { AddressMode } from './record/address.ts';
import type { BackPressure } from './recorder.ts';
import type { RedactionMode } from './sanitize/index.ts';
import { fileSink } from './sinks/file/index.ts';
import type { AuditSink } from './sinks/sink.ts';

export interface AuditOptions {
  /** Where records go; what is undefined is left out. Default: nowhere, and nothing is recorded. */
  readonly sinks?: readonly (AuditSink | undefined)[];
  /** What becomes of an operation whose record has no room. Default: `drop-and-count`. */
  readonly backPressure?: BackPressure;
  /** How many records there is room for, that wait for a sink or belong to operations that have begun. Default: 10,000. */
  readonly capacity?: number;
  /** How long an operation waits, for room and for its record to be on the disk, in ms. Default: 1,000. */
  readonly blockTimeout?: number;
  /** How much of a client's address is written. Default: `prefix`. */
  readonly address?: AddressMode;
  /**
   * Where a request came from that was refused before its address was found out: `addressOf` of `useAuthentication`.
   * Default: the address of such a request is not written.
   */
  readonly addressOf?: ((request: IncomingMessage) => string) | undefined;
  /** What stands for a value that is not written. Default: `mask`. */
  readonly redact?: RedactionMode;
  /** At least 32 bytes in base64; needed for `hash`. From the environment. */
  readonly hashKey?: string | undefined;
  /**
   * Schema coordinates of the arguments and input fields whose values are written: `Query.product(upc:)`,
   * `ProductInput.sku`. Default: none.
   */
  readonly allow?: readonly string[];
  /**
   * Whether the names of operations and of their variables are written. Clients choose them: they are for those who know
   * that theirs hold nothing secret. Default: false; variables are told by their place, `$1`.
   */
  readonly clientNames?: boolean;
  /** Names of variables, arguments and input fields whose values are never written, beside `password` and the like. Default: none. */
  readonly names?: readonly RegExp[];
  /** Texts that are never written, beside emails, card numbers and tokens. Default: none. */
  readonly values?: readonly RegExp[];
  readonly log?: Pick<Logger, 'info' | 'warn' | 'error'> | undefined;
}

export interface AuditSettings {
  readonly sinks: readonly AuditSink[];
  readonly backPressure: BackPressure;
  readonly capacity: number;
  readonly blockTimeout: number;
  readonly address: AddressMode;
  readonly redact: RedactionMode;
  readonly hashKey: Buffer | undefined;
  readonly allow: ReadonlySet<string>;
  readonly clientNames: boolean;
  readonly names: readonly RegExp[];
  readonly values: readonly RegExp[];
}

const KEY_BYTES = 32;
const COORDINATE = /^(?:@?[_A-Za-z]\w*\([_A-Za-z]\w*:\)|[_A-Za-z]\w*\.[_A-Za-z]\w*(?:\([_A-Za-z]\w*:\))?)$/;

/** Throws an `Error` that names the option and what it takes. */
export function auditSettings(options: AuditOptions): AuditSettings {
  const { sinks = [], backPressure = 'drop-and-count', capacity = 10_000, blockTimeout = 1_000 } = options;
  const { address = 'prefix', redact = 'mask', allow = [], names = [], values = [], clientNames = false } = options;
  oneOf('backPressure', backPressure, ['drop-and-count', 'block', 'fail-closed']);
  oneOf('address', address, ['full', 'prefix', 'hash', 'none']);
  oneOf('redact', redact, ['mask', 'hash', 'drop']);
  whole('capacity', capacity);
  whole('blockTimeout', blockTimeout);
  for (const coordinate of allow) {
    if (COORDINATE.test(coordinate)) continue;
    throw new Error(
      `useAudit: allow has ${JSON.stringify(coordinate)}; it takes coordinates such as "Query.product(upc:)" and "ProductInput.sku"`,
    );
  }
  for (const [option, patterns] of Object.entries({ names, values })) {
    if (patterns.every((pattern) => pattern instanceof RegExp)) continue;
    throw new Error(`useAudit: ${option} takes regular expressions`);
  }
  const hashKey = keyOf(options.hashKey);
  for (const [option, mode] of Object.entries({ address, redact })) {
    if (mode === 'hash' && !hashKey) throw new Error(`useAudit: ${option} is "hash"; that takes a hashKey`);
  }
  return {
    sinks: sinks.filter((sink) => sink !== undefined),
    backPressure,
    capacity,
    blockTimeout,
    address,
    redact,
    hashKey,
    allow: new Set(allow),
    clientNames,
    names,
    values,
  };
}

/**
 * `AUDIT_FILE`, `AUDIT_SIGNING_KEY` and `AUDIT_HASH_KEY`. Without `AUDIT_FILE` there is no sink. Throws an `Error` when
 * a key is wrong.
 */
export function auditFromEnvironment(
  { AUDIT_FILE, AUDIT_SIGNING_KEY, AUDIT_HASH_KEY }: NodeJS.ProcessEnv,
  log?: Pick<Logger, 'warn'>,
): Pick<AuditOptions, 'sinks' | 'hashKey'> {
  if (AUDIT_FILE && !AUDIT_SIGNING_KEY) {
    log?.warn(
      'No AUDIT_SIGNING_KEY: the audit log is chained, and nobody can tell whether all of the chain was made anew',
    );
  }
  return {
    sinks: AUDIT_FILE ? [fileSink({ path: AUDIT_FILE, signingKey: AUDIT_SIGNING_KEY || undefined })] : [],
    hashKey: AUDIT_HASH_KEY || undefined,
  };
}

/** Never repeats it. */
function keyOf(text: string | undefined): Buffer | undefined {
  if (text === undefined) return undefined;
  const key = Buffer.from(text, 'base64');
  if (key.length >= KEY_BYTES) return key;
  throw new Error(
    `useAudit: hashKey takes at least ${KEY_BYTES} bytes in base64, such as "openssl rand -base64 32" makes`,
  );
}

function oneOf(option: string, value: string, values: readonly string[]): void {
  if (values.includes(value)) return;
  throw new Error(
    `useAudit: ${option} is ${JSON.stringify(value)}; it takes ${values.map((one) => `"${one}"`).join(', ')}`,
  );
}

function whole(option: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return;
  throw new Error(`useAudit: ${option} is ${value}; it takes a whole number from 1`);
}
