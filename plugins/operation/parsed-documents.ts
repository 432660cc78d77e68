import type { GatewayPlugin } from '@graphql-hive/gateway';
import type { DocumentNode } from 'graphql';
import { LRUCache } from 'lru-cache';
import { rememberedValidation } from './remembered-validation.ts';

/** Of all documents that are remembered; one takes half a kilobyte of memory. */
const MAX_TOKENS = 200_000;
/** A text takes as much memory as a token with each so many characters. */
const CHARACTERS_PER_TOKEN = 200;

/** Documents by their texts, those asked for longest ago forgotten first. */
export type ParsedDocuments = Pick<LRUCache<string, DocumentNode>, 'get' | 'set'>;

/** Bounded by what documents take, not by how many there are: any client sends as large ones as it may. */
export function parsedDocuments(): ParsedDocuments {
  return new LRUCache({
    maxSize: MAX_TOKENS,
    sizeCalculation: (document, text) => tokensOf(document) + Math.ceil((text.length + 1) / CHARACTERS_PER_TOKEN),
  });
}

export function tokensOf({ loc }: DocumentNode): number {
  let count = 0;
  for (let token = loc?.startToken; token; token = token.next ?? undefined) count++;
  return count;
}

/**
 * Takes GraphQL Yoga's own memory of documents away: it keeps 1,024 of them, and as many errors, however large, so that a
 * few hundred requests of the largest size would end the process. Its memory of what is valid looks for the names of all
 * rules, written one after another, with each request; ours takes its place.
 */
export function replaceStockMemory(plugins: readonly GatewayPlugin[]): void {
  for (const plugin of plugins) {
    // It has no name, and Hive Gateway no option for it.
    if (!plugin.onValidate || !plugin.onParse || !String(plugin.onParse).includes('documentCache')) continue;
    delete plugin.onParse;
    plugin.onValidate = rememberedValidation();
  }
}
