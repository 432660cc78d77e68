import { handleFederationSupergraph } from '@graphql-mesh/fusion-runtime';
import type { UnifiedGraphHandler } from '@graphql-hive/gateway';
import type { ExecutionRequest, ExecutionResult, MaybeAsyncIterable, MaybePromise } from '@graphql-tools/utils';
import { isAsyncIterable, mapAsyncIterator } from '@graphql-tools/utils';
import { buildASTSchema, type GraphQLSchema } from 'graphql';
import { definitionsOf, graphNames, reduceTo, subgraphSchema, transformedGraphs } from '../supergraph/index.ts';

type Transform = NonNullable<
  ReturnType<ReturnType<typeof handleFederationSupergraph>['getSubschema']>['transforms']
>[number];
type HandlerOptions = Parameters<UnifiedGraphHandler>[0];
type Send = (subgraph: string, request: ExecutionRequest) => MaybePromise<MaybeAsyncIterable<ExecutionResult>>;

export interface Subgraphs {
  /** The schema of a subgraph as far as the supergraph knows it, by graph or name; built when it is first asked for. */
  schemaOf(name: string): GraphQLSchema;
  /** Sends an operation, in the names that the subgraph itself has for things. */
  send(subgraph: string, request: ExecutionRequest, send: Send): ReturnType<Send>;
}

/**
 * Only subgraphs with transforms (plain services that were renamed, prefixed or filtered) are stitched, since the
 * stitched schema holds the transforms that translate their operations; stitching all would cost about a second for
 * 2,000 types.
 */
export function subgraphsOf(options: HandlerOptions): Subgraphs {
  const supergraph = definitionsOf(options.unifiedGraph);
  const names = graphNames(supergraph);
  // Looking through the definitions of a large supergraph takes a while, and most have no transforms at all.
  const transformed = options.getUnifiedGraphSDL().includes('@source(')
    ? transformedGraphs(supergraph)
    : new Set<string>();
  const stitched = transformed.size > 0 ? stitch(options, transformed) : undefined;
  const schemas = new Map<string, GraphQLSchema>();

  /** By graph or by the subgraph's name. */
  function graphOf(asked: string): string {
    const [graph] = [...names].find(([id, name]) => id === asked || name === asked) ?? [asked];
    return graph;
  }
  const translated = new Set([...transformed].flatMap((graph) => [graph, names.get(graph) ?? graph]));

  return {
    schemaOf(asked) {
      const graph = graphOf(asked);
      const schema =
        schemas.get(graph) ??
        (transformed.has(graph) && stitched ? stitched.getSubgraphSchema(graph) : subgraphSchema(supergraph, graph));
      schemas.set(graph, schema);
      return schema;
    },
    send(subgraph, request, send) {
      const transforms = translated.has(subgraph) ? stitched?.getSubschema(subgraph).transforms : undefined;
      return transforms?.length ? sendTransformed(subgraph, request, send, transforms) : send(subgraph, request);
    },
  };
}

function stitch(options: HandlerOptions, graphs: ReadonlySet<string>) {
  const supergraph = reduceTo(definitionsOf(options.unifiedGraph), graphs);
  const unifiedGraph = buildASTSchema(supergraph, { assumeValid: true, assumeValidSDL: true });
  return handleFederationSupergraph({ ...options, unifiedGraph });
}

async function sendTransformed(
  subgraph: string,
  request: ExecutionRequest,
  send: Send,
  transforms: readonly Transform[],
): Promise<MaybeAsyncIterable<ExecutionResult>> {
  // Each pair of calls of a transform shares what it notes here.
  const notes = {};
  let transformedRequest = request;
  for (const transform of transforms) {
    transformedRequest =
      transform.transformRequest?.(transformedRequest, undefined as never, notes) ?? transformedRequest;
  }
  const back = (result: ExecutionResult): ExecutionResult =>
    transforms.reduceRight(
      (last, transform) => transform.transformResult?.(last, undefined as never, notes) ?? last,
      result,
    );
  const answer = await send(subgraph, transformedRequest);
  return isAsyncIterable(answer) ? mapAsyncIterator(answer, back) : back(answer);
}
