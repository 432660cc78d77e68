import type { GraphQLSchema } from 'graphql';
import type { Freshness } from '../policy/answer-freshness.ts';
import type { CacheScope } from '../policy/hints.ts';
import type { Invalidation, Tag } from '../tags/tag.ts';

/** What a request is allowed to make of the cache: `refresh` only stores, `bypass` does neither. */
export type CacheUse = 'use' | 'refresh' | 'bypass';

/** What one execution reads of subgraphs: what its answer depends on. */
export interface Reading {
  readonly schema: GraphQLSchema;
  readonly use: CacheUse;
  /** Who asks, for what is kept for one caller alone; undefined for nobody who is known. */
  readonly privateKey: string | undefined;
  /** Of the headers on which answers depend. */
  readonly varyKey: string;
  /** Whether anything becomes of the tags of its parts. */
  readonly needsTags: boolean;
  readonly parts: ReadPart[];
  /** What a mutation has answered with. */
  readonly changed: Invalidation[];
}

/** An answer of a subgraph, by what it says of itself. */
export function answeredPart(said: Freshness | undefined, tags: Iterable<Tag>, fetched: number): ReadPart {
  return {
    until: said ? performance.now() + said.maxAge * 1000 : Infinity,
    scope: said?.scope ?? 'PUBLIC',
    isSaid: said !== undefined,
    tags,
    found: 0,
    fetched,
  };
}

/** One answer, or what of the cache stands in its place. */
export interface ReadPart {
  /** Until when it is fresh, on the clock of `performance.now()`: as far as anything of it is said. */
  readonly until: number;
  readonly scope: CacheScope;
  /** Whether that is said of all of it. */
  readonly isSaid: boolean;
  readonly tags: Iterable<Tag>;
  /** Entities and root answers that the cache had, and that it had not. */
  readonly found: number;
  readonly fetched: number;
}
