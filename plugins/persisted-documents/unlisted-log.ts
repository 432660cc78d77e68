import type { Logger } from '@graphql-hive/gateway';
import { LRUCache } from 'lru-cache';
import { sha256Of } from './registered-documents.ts';

/** So many documents are logged once each. */
const MAX_KNOWN = 1_000;

/** Logs each document that is not listed once, by its SHA-256: its text is the client's, and may hold anything. */
export function unlistedLog(log: Pick<Logger, 'info'> | undefined) {
  const known = new LRUCache<string, true>({ max: MAX_KNOWN });
  return (text: string, requestId: string | undefined): void => {
    const sha256 = sha256Of(text);
    if (known.has(sha256)) return;
    known.set(sha256, true);
    log?.info({ sha256, requestId }, 'A document that is not listed was executed');
  };
}
