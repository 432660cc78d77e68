import type { ListenOptions, RunningSubgraph, Subgraph } from '../server/index.ts';
import { loadSchema, serve } from '../server/index.ts';
import { runSubgraph } from '../server/process.ts';
import { createTopics } from '../server/topics.ts';
import { createContext, resolvers } from './resolvers.ts';
import type { InventoryRows, ProductStockRow } from './rows.ts';
import { createRows } from './rows.ts';

/** What is in stock, in which warehouse, and what it costs to ship. */
export function inventory(rows: InventoryRows = createRows()): Subgraph {
  const stockChanged = createTopics<ProductStockRow>();
  return {
    name: 'inventory',
    schema: loadSchema(new URL('schema.graphql', import.meta.url), resolvers),
    createContext: (request) => createContext(rows, stockChanged, request),
  };
}

/** Serves the inventory subgraph with fresh rows. */
export const start = (options: ListenOptions): Promise<RunningSubgraph> => serve(inventory(), options);

if (import.meta.main) await runSubgraph('inventory', start);
