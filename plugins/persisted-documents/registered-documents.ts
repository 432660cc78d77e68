import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { SharedStore } from '../redis/index.ts';

/** Documents that clients have registered by their SHA-256, for all gateways on a store. */
export interface RegisteredDocuments {
  /** Undefined when there is none, or when the store cannot tell. Never rejects. */
  find(sha256: string): string | undefined | Promise<string | undefined>;
  /** False when it is too long, or known already. */
  register(sha256: string, text: string): boolean;
}

export interface RegistryOptions {
  /** Without Redis, a process remembers what was registered with it. */
  readonly store: SharedStore | undefined;
  /** ms */
  readonly ttlMs: number;
  /** Of a document. */
  readonly maxBytes: number;
  readonly onUnavailable: (error: unknown) => void;
}

/** Of texts that a process keeps itself, in bytes. */
const MAX_LOCAL_BYTES = 32 * 1024 * 1024;
/** What one takes beside its text, in bytes, roughly. */
const ENTRY_BYTES = 256;
/** How long a request waits for the store, in ms. */
const TIMEOUT = 50;
const KEY_PREFIX = 'gatehouse:document:';
const SHA256_HEX = /^[0-9a-f]{64}$/;

export function sha256Of(text: string): string {
  return hash('sha256', text, 'hex');
}

export function registeredDocuments({ store, ttlMs, maxBytes, onUnavailable }: RegistryOptions): RegisteredDocuments {
  const shared = store?.kind === 'redis' ? store : undefined;
  const local = new LRUCache<string, string>({
    maxSize: MAX_LOCAL_BYTES,
    // V8 keeps a character in one byte or in two.
    sizeCalculation: (text) => ENTRY_BYTES + 2 * text.length,
    ttl: ttlMs,
  });

  async function findShared(from: SharedStore, sha256: string): Promise<string | undefined> {
    try {
      const [bytes] = await from.getMany([KEY_PREFIX + sha256], { timeoutMs: TIMEOUT });
      const text = bytes?.toString();
      // Whoever can write to the store must not put words into a client's mouth.
      if (text === undefined || sha256Of(text) !== sha256) return undefined;
      local.set(sha256, text);
      return text;
    } catch (error) {
      onUnavailable(error);
      return undefined;
    }
  }

  return {
    find(sha256) {
      if (!SHA256_HEX.test(sha256)) return undefined;
      return local.get(sha256) ?? (shared && findShared(shared, sha256));
    },
    register(sha256, text) {
      if (local.has(sha256) || Buffer.byteLength(text) > maxBytes) return false;
      local.set(sha256, text);
      shared?.set(KEY_PREFIX + sha256, text, { ttlMs }).catch(onUnavailable);
      return true;
    },
  };
}
