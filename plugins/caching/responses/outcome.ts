import type { CacheScope } from '../policy/hints.ts';
import type { CacheEntry } from '../store/index.ts';
import type { KeptBody } from './kept-body.ts';

/** What the cache had to do with the answer to one operation. */
export type Outcome =
  /** It was there as a whole. */
  | {
      readonly kind: 'hit';
      readonly tier: 'l1' | 'l2';
      readonly isStale: boolean;
      readonly entry: CacheEntry;
      readonly scope: CacheScope;
      readonly body: KeptBody;
    }
  /** Subgraphs were asked; of the parts, so many were there. */
  | {
      readonly kind: 'miss';
      readonly found: number;
      readonly fetched: number;
      /** Undefined for what was not stored. */
      readonly stored: { readonly maxAge: number; readonly scope: CacheScope; readonly body: KeptBody } | undefined;
    }
  /** It was not asked. */
  | { readonly kind: 'bypass' };
