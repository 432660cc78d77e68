import type { SharedStore } from '../redis/index.ts';
import type { PersistedDocumentsOptions } from './index.ts';

export type Mode = 'any' | 'only' | 'log';

export interface PersistedDocumentsSettings {
  readonly paths: readonly string[];
  readonly mode: Mode;
  /** Undefined when clients may not register documents. */
  readonly automatic: { readonly ttlMs: number; readonly maxBytes: number } | undefined;
}

/** s: a day. */
const TTL = 86_400;
/** Of a document, in bytes. */
const MAX_BYTES = 64 * 1024;
const MODES: ReadonlySet<unknown> = new Set<Mode>(['any', 'only', 'log']);

/** With the defaults. Throws an `Error` that names the option and what it takes. */
export function documentSettings(options: PersistedDocumentsOptions): PersistedDocumentsSettings {
  const { manifests = [], mode = 'any', automatic = false } = options;
  if (!Array.isArray(manifests) || !manifests.every((path) => typeof path === 'string' && path !== '')) {
    throw wrong('manifests', manifests, 'paths of files');
  }
  if (!MODES.has(mode)) throw wrong('mode', mode, '"any", "only" or "log"');
  if (mode !== 'any' && manifests.length === 0) throw wrong('mode', mode, '"any" when there are no manifests');
  if (manifests.length === 0 && automatic === false)
    throw wrong('manifests', manifests, 'a path at least, when automatic is off');
  if (automatic === false) return { paths: manifests, mode, automatic: undefined };
  if (mode === 'only') throw wrong('automatic', automatic, 'false with mode "only"');
  const { ttl = TTL, maxBytes = MAX_BYTES } = automatic;
  checkWhole('automatic.ttl', ttl, 'seconds');
  checkWhole('automatic.maxBytes', maxBytes, 'bytes');
  return { paths: manifests, mode, automatic: { ttlMs: ttl * 1_000, maxBytes } };
}

/**
 * `PERSISTED_DOCUMENTS`: manifests, with commas between them; `PERSISTED_DOCUMENTS_MODE`: `any`, `only` or `log`;
 * `AUTOMATIC_PERSISTED_QUERIES`: `on` lets clients register documents, with all gateways that share the store. Undefined
 * when none of it is asked for.
 */
export function persistedDocumentsFromEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  store: SharedStore,
): Pick<PersistedDocumentsOptions, 'manifests' | 'mode' | 'automatic'> | undefined {
  const { PERSISTED_DOCUMENTS: files, PERSISTED_DOCUMENTS_MODE: mode, AUTOMATIC_PERSISTED_QUERIES: automatic } = env;
  if (automatic && automatic !== 'on' && automatic !== 'off') {
    throw new Error(`AUTOMATIC_PERSISTED_QUERIES is "${automatic}"; it takes "on" or "off"`);
  }
  if (!files && automatic !== 'on') return undefined;
  return {
    ...(files && { manifests: files.split(',').map((file) => file.trim()) }),
    ...(mode && { mode: mode as Mode }),
    ...(automatic === 'on' && { automatic: { store } }),
  };
}

function checkWhole(option: string, value: number, unit: string): void {
  if (!Number.isSafeInteger(value) || value <= 0) throw wrong(option, value, `whole ${unit} above 0`);
}

function wrong(option: string, value: unknown, takes: string): Error {
  return new Error(`usePersistedDocuments: ${option} is ${JSON.stringify(value)}; it takes ${takes}`);
}
