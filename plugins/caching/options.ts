import type { Logger } from '@graphql-hive/gateway';
import type { SharedStore } from '../redis/index.ts';
import type { Delivery } from '../webhooks/index.ts';
import { checkHints, type CacheHints } from './policy/hints.ts';

export interface CachingOptions {
  /** Where the second tier is, and how processes hear of each other; one in memory leaves the first tier alone. */
  readonly store: SharedStore;
  /** How long what nobody says anything about is kept, in s. Default: 0. */
  readonly defaultMaxAge?: number;
  /** By `Type` and `Type.field`, in place of the schema's `@cacheControl`. Default: none. */
  readonly hints?: CacheHints;
  /** Names of client headers on which subgraphs' answers depend: those that are passed on to them. Default: none. */
  readonly vary?: readonly string[];
  /** Whether whole responses are kept. Default: true. */
  readonly responses?: boolean;
  /** Whether entities and root fields of subgraphs are kept. Default: true. */
  readonly entities?: boolean;
  /** How long after its end something is still served while it is fetched anew, in s (RFC 5861). Default: 0. */
  readonly staleWhileRevalidate?: number;
  /** How long after its end something is still served when a subgraph fails, in s (RFC 5861). Default: 0. */
  readonly staleIfError?: number;
  /** How long it is kept that a subgraph has no such entity, in s, at most as long as an entity. Default: 0. */
  readonly nullMaxAge?: number;
  /** What becomes of `Cache-Control: no-cache` and `no-store` in a client's request. Default: `honour`. */
  readonly clientDirectives?: 'honour' | 'ignore';
  /** The memory that the first tier takes, in bytes, roughly. Default: 67,108,864. */
  readonly maxBytes?: number;
  /** What is longer is compressed in Redis, in bytes. Default: 2,048. */
  readonly compressAbove?: number;
  /** 32 bytes in base64: what is in Redis is encrypted with it (AES-256-GCM). Default: it is in the clear. */
  readonly encryptionKey?: string | undefined;
  /** How long reading and storing may wait for Redis, in ms. Default: 100. */
  readonly timeout?: number;
  /** Receives `POST /webhooks/cache`; without it that path is not served. */
  readonly webhooks?: ((request: Request) => Promise<Delivery>) | undefined;
  readonly log?: Pick<Logger, 'info' | 'warn' | 'error'> | undefined;
}

const SECONDS = ['defaultMaxAge', 'staleWhileRevalidate', 'staleIfError', 'nullMaxAge'] as const;

/** Throws an `Error` that names the option and what it takes. */
export function checkOptions(options: CachingOptions): void {
  for (const name of SECONDS) {
    const value = options[name];
    if (value !== undefined && !(value >= 0 && Number.isFinite(value))) {
      throw new Error(`useCaching: ${name} is ${value}; it takes seconds from 0`);
    }
  }
  const { clientDirectives = 'honour' } = options;
  if (clientDirectives !== 'honour' && clientDirectives !== 'ignore') {
    throw new Error(
      `useCaching: clientDirectives is ${JSON.stringify(clientDirectives)}; it takes "honour" or "ignore"`,
    );
  }
  checkHints(options.hints ?? {});
}

/** `CACHE_ENCRYPTION_KEY` */
export function cachingFromEnvironment({
  CACHE_ENCRYPTION_KEY,
}: NodeJS.ProcessEnv): Pick<CachingOptions, 'encryptionKey'> {
  return { encryptionKey: CACHE_ENCRYPTION_KEY === '' ? undefined : CACHE_ENCRYPTION_KEY };
}
