import type { ListenOptions, RunningSubgraph, Subgraph } from '../server/index.ts';
import { loadSchema, serve } from '../server/index.ts';
import { runSubgraph } from '../server/process.ts';
import { createContext, resolvers } from './resolvers.ts';
import type { AccountsRows } from './rows.ts';
import { createRows } from './rows.ts';

/** Users: who they are, where they live, what they wish for. */
export function accounts(rows: AccountsRows = createRows()): Subgraph {
  return {
    name: 'accounts',
    schema: loadSchema(new URL('schema.graphql', import.meta.url), resolvers),
    createContext: (request) => createContext(rows, request),
  };
}

/** Serves the accounts subgraph with fresh rows. */
export const start = (options: ListenOptions): Promise<RunningSubgraph> => serve(accounts(), options);

if (import.meta.main) await runSubgraph('accounts', start);
