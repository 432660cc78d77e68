import type { QueryName, Way } from './operations.ts';

/** One thing that is measured. */
export interface Cell {
  readonly name: string;
  /** For people. */
  readonly title: string;
  readonly query: QueryName;
  readonly way: Way;
  /** Whether it may be answered from a cache; else all of it is to be executed. */
  readonly isCached: boolean;
  /** So many different requests, over and over; without it, no limit. */
  readonly keys?: number;
  /** In each sample. */
  readonly requests: number;
  /**
   * Whether CPU time is of one request at a time: equal calls to subgraphs at the same time are made one by some
   * gateways, and so it would be measured how often that happens to be.
   */
  readonly isAlone: boolean;
}

const WAYS = {
  identical: 'the same request each time',
  variables: 'one text, other variables each time',
  literals: 'another text each time',
} as const;

export const CELLS: readonly Cell[] = [
  uncached('small', 'identical', 1_000),
  uncached('small', 'variables', 1_000),
  uncached('small', 'literals', 200),
  uncached('heavy', 'identical', 60),
  uncached('heavy', 'variables', 60),
  uncached('heavy', 'literals', 60),
  cached('small', 'identical', 5_000),
  cached('small', 'variables', 5_000, 500),
  cached('heavy', 'identical', 1_000),
  cached('heavy', 'variables', 1_000, 100),
];

/** The cells whose names begin with one of the prefixes; all without any. Throws an `Error` for one that fits none. */
export function cellsOf(prefixes: readonly string[]): readonly Cell[] {
  const unknown = prefixes.find((prefix) => !CELLS.some(({ name }) => name.startsWith(prefix)));
  if (unknown !== undefined) {
    throw new Error(
      `BENCH_CELLS: there is no cell "${unknown}"; there are ${CELLS.map(({ name }) => name).join(', ')}`,
    );
  }
  return CELLS.filter(({ name }) => prefixes.length === 0 || prefixes.some((prefix) => name.startsWith(prefix)));
}

function uncached(query: QueryName, way: Way, requests: number): Cell {
  const title = `The ${query} query, executed; ${WAYS[way]}`;
  const isAlone = way === 'identical';
  return { name: `${query}.uncached.${way}`, title, query, way, isCached: false, requests, isAlone };
}

function cached(query: QueryName, way: Way, requests: number, keys: number = 1): Cell {
  const title = `The ${query} query from the cache; ${way === 'identical' ? WAYS[way] : `${keys} different requests`}`;
  return { name: `${query}.cached.${way}`, title, query, way, isCached: true, keys, requests, isAlone: false };
}
