import type { ExecutionRequest, ExecutionResult, MaybeAsyncIterable } from '@graphql-tools/utils';
import type { GraphQLSchema } from 'graphql';

/** Executes operations on one supergraph, for as long as anybody asks it to: also after another has taken over. */
export type Engine = (request: ExecutionRequest) => Promise<MaybeAsyncIterable<ExecutionResult>>;

const engines = new WeakMap<GraphQLSchema, Engine>();

export function rememberEngine(publicSchema: GraphQLSchema, engine: Engine): void {
  engines.set(publicSchema, engine);
}

/** Undefined for an engine that is not Gatehouse's. */
export function engineOf(schema: GraphQLSchema): Engine | undefined {
  return engines.get(schema);
}
