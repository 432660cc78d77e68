import type { ListenOptions, RunningSubgraph, Subgraph } from '../server/index.ts';
import { loadSchema, serve } from '../server/index.ts';
import { runSubgraph } from '../server/process.ts';
import { createContext, resolvers } from './resolvers.ts';
import type { ProductsRows } from './rows.ts';
import { createRows } from './rows.ts';

/** The catalogue: products, gift cards and brands. */
export function products(rows: ProductsRows = createRows()): Subgraph {
  return {
    name: 'products',
    schema: loadSchema(new URL('schema.graphql', import.meta.url), resolvers),
    createContext: (request) => createContext(rows, request),
  };
}

/** Serves the products subgraph with fresh rows. */
export const start = (options: ListenOptions): Promise<RunningSubgraph> => serve(products(), options);

if (import.meta.main) await runSubgraph('products', start);
