import { setImmediate as nextTurn } from 'node:timers/promises';
import type { UnifiedGraphHandler } from '@graphql-hive/gateway';
import { unifiedGraphHandler } from '@graphql-hive/router-runtime';
import { buildASTSchema, type GraphQLSchema } from 'graphql';
import { definitionsOf, graphNames, reduceTo, subgraphSchema, transformedGraphs } from './supergraph-parts.ts';

/**
 * For the config's `unifiedGraphHandler`: router-runtime, made ready in steps that let requests in between.
 *
 * As it comes, router-runtime 1.4 builds a stitched schema of the whole supergraph within the first request after a
 * reload, which blocks everything else meanwhile (about a second for 2,000 types), only to look for transforms and to
 * offer plugins the schema of a subgraph. Here the stitched schema holds the subgraphs that have transforms, and is
 * built before the engine takes over; the schemas of the others are built one by one, when they are first asked for.
 */
export const steppedEngine: UnifiedGraphHandler = async (options) => {
  await nextTurn();
  const seen = { ...options };
  const engine = await unifiedGraphHandler(seen);
  await nextTurn();

  const supergraph = definitionsOf(options.unifiedGraph);
  const transformed = transformedGraphs(supergraph);
  const graphs = [...graphNames(supergraph)];
  // It reads the graph a second time when it looks for transforms, and keeps what it makes of it.
  seen.unifiedGraph = buildASTSchema(reduceTo(supergraph, transformed), { assumeValid: true, assumeValidSDL: true });
  for (const [graph] of graphs.slice(0, 1)) engine.getSubgraphSchema(graph);
  await nextTurn();

  const schemas = new Map<string, GraphQLSchema>();
  return {
    ...engine,
    getSubgraphSchema(asked) {
      // The engine asks by graph, plugins by the subgraph's name.
      const [graph] = graphs.find(([id, name]) => id === asked || name === asked) ?? [asked];
      const schema =
        schemas.get(graph) ??
        (transformed.has(graph) ? engine.getSubgraphSchema(graph) : subgraphSchema(supergraph, graph));
      schemas.set(graph, schema);
      return schema;
    },
  };
};
