import { heavyQuery, smallQuery, type Lengths } from '../engine/queries.ts';

export type QueryName = 'small' | 'heavy';

/**
 * How requests differ: not at all (`identical`), in the values of variables, or in literals, so that each has a text of
 * its own.
 */
export type Way = 'identical' | 'variables' | 'literals';

/** Another writing of a query, for a gateway that does not take it as it is. */
export interface Dialect {
  write(query: string): string;
  /** The `data` of an answer as it would be without. */
  read(data: unknown): unknown;
}

export const PLAIN: Dialect = { write: (query) => query, read: (data) => data };

/** The demo has as many, by number. */
const PRODUCTS = 1_000;
/** Each list of the heavy query has as many lengths, around the one that it has in identical requests. */
const LENGTHS = 20;

interface Query {
  readonly same: string;
  readonly withVariables: string;
  withLiterals(n: number): string;
  valuesOf(n: number): Readonly<Record<string, unknown>>;
}

const QUERIES: Readonly<Record<QueryName, Query>> = {
  small: {
    same: smallQuery('"1"'),
    withVariables: `query Small($upc: ID!) ${smallQuery('$upc')}`,
    withLiterals: (n) => smallQuery(`"${upcOf(n)}"`),
    valuesOf: (n) => ({ upc: upcOf(n) }),
  },
  heavy: {
    same: heavyQuery({ users: 50, latestReviews: 20, lowStock: 10 }),
    withVariables: `query Heavy($users: Int!, $latestReviews: Int!, $lowStock: Int!) ${heavyQuery({
      users: '$users',
      latestReviews: '$latestReviews',
      lowStock: '$lowStock',
    })}`,
    withLiterals: (n) => heavyQuery(lengthsOf(n)),
    valuesOf: lengthsOf,
  },
};

/** The nth body of a kind, the same for all who speak one dialect. */
export function bodyOf(name: QueryName, way: Way, n: number, { write }: Dialect): string {
  const { same, withVariables, withLiterals, valuesOf } = QUERIES[name];
  if (way === 'identical') return JSON.stringify({ query: write(same) });
  if (way === 'literals') return JSON.stringify({ query: write(withLiterals(n)) });
  return JSON.stringify({ query: write(withVariables), variables: valuesOf(n) });
}

function upcOf(n: number): string {
  return String(1 + (n % PRODUCTS));
}

/** No two are equal of 8,000; and of those one after the other, no list is. */
function lengthsOf(n: number): Lengths {
  return {
    users: 41 + (n % LENGTHS),
    latestReviews: 11 + ((n + Math.floor(n / LENGTHS)) % LENGTHS),
    lowStock: 1 + ((n + Math.floor(n / LENGTHS ** 2)) % LENGTHS),
  };
}
