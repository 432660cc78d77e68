import type { ListenOptions, RunningSubgraph, Subgraph } from '../server/index.ts';
import { loadSchema, serve } from '../server/index.ts';
import { runSubgraph } from '../server/process.ts';
import { createTopics } from '../server/topics.ts';
import { createContext, resolvers } from './resolvers.ts';
import type { ReviewRow, ReviewsRows } from './rows.ts';
import { createRows } from './rows.ts';

/** What users say about products, and about each other. */
export function reviews(rows: ReviewsRows = createRows()): Subgraph {
  const reviewAdded = createTopics<ReviewRow>();
  return {
    name: 'reviews',
    schema: loadSchema(new URL('schema.graphql', import.meta.url), resolvers),
    createContext: (request) => createContext(rows, reviewAdded, request),
  };
}

/** Serves the reviews subgraph with fresh rows. */
export const start = (options: ListenOptions): Promise<RunningSubgraph> => serve(reviews(), options);

if (import.meta.main) await runSubgraph('reviews', start);
