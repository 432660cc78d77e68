import type { BatchFetchNode, FetchNode } from '@graphql-hive/router-query-planner';
import { isAsyncIterable } from '@graphql-tools/utils';
import { GraphQLError, type DocumentNode, type GraphQLSchema } from 'graphql';
import type { EntityKeys } from './entity-keys.ts';
import type { FetchFailures, SubgraphError } from './fetch-failures.ts';
import { fetchOperation } from './fetch-operation.ts';
import type { FieldOwner } from './field-owners.ts';
import type { JsonObject } from './json.ts';
import type { EventGate, Withheld } from '../request-context.ts';
import type { Shape } from './shape.ts';
import type { TypeConditions } from './type-conditions.ts';

/** One operation on its way to a subgraph. */
export interface SubgraphOperation {
  readonly service: string;
  readonly document: DocumentNode;
  readonly operationName: string | undefined;
  readonly kind: 'query' | 'mutation' | 'subscription';
  readonly variables: JsonObject | undefined;
}

export interface SubgraphAnswer {
  readonly data?: unknown;
  readonly errors?: readonly SubgraphError[] | undefined;
}

/** Sends an operation. It may reject, which is the same as an answer with one error and no data. */
export type SendOperation = (
  operation: SubgraphOperation,
) => Promise<SubgraphAnswer | AsyncIterable<SubgraphAnswer>> | SubgraphAnswer | AsyncIterable<SubgraphAnswer>;

/** All that executing a plan needs, and that stays the same for all events of a subscription. */
export interface PlanContext {
  readonly schema: GraphQLSchema;
  readonly isOfType: TypeConditions;
  readonly shape: Shape;
  readonly operationKind: 'query' | 'mutation' | 'subscription';
  /** Coerced. */
  readonly variables: Readonly<Record<string, unknown>>;
  readonly ownerOf: FieldOwner;
  readonly keysOf: EntityKeys;
  readonly withheld: Withheld | undefined;
  readonly eventGate: EventGate | undefined;
  readonly send: SendOperation;
  /** Tells the operator what is wrong with an answer that a client only learns to be unusable. */
  report(service: string, what: string): void;
}

/** One response in the making. */
export interface Execution extends PlanContext {
  readonly data: JsonObject;
  readonly failures: FetchFailures;
}

/** An answer that is no stream. */
export async function sendOnce(
  execution: Execution,
  node: FetchNode | BatchFetchNode,
  representations: JsonObject | undefined,
  document?: DocumentNode,
): Promise<SubgraphAnswer> {
  const answer = await sendSafely(execution, node, representations, document);
  if (!isAsyncIterable(answer)) return answer;
  await answer[Symbol.asyncIterator]().return?.();
  return { errors: [noData(node.serviceName)] };
}

export async function sendSafely(
  { send, report, variables, operationKind }: PlanContext,
  node: FetchNode | BatchFetchNode,
  representations: JsonObject | undefined,
  document: DocumentNode = fetchOperation(node).document,
): Promise<SubgraphAnswer | AsyncIterable<SubgraphAnswer>> {
  try {
    const answer = await send({
      service: node.serviceName,
      document,
      operationName: node.operationName,
      kind: node.operationKind ?? operationKind,
      variables: variablesOf(node, variables, representations),
    });
    return answer ?? { errors: [noData(node.serviceName)] };
  } catch (error) {
    // What is no answer to a client may hold anything.
    if (error instanceof GraphQLError) return { errors: [error] };
    report(node.serviceName, String(error));
    return { errors: [noData(node.serviceName)] };
  }
}

function variablesOf(
  { variableUsages = [] }: FetchNode | BatchFetchNode,
  variables: Readonly<Record<string, unknown>>,
  representations: JsonObject | undefined,
): JsonObject | undefined {
  const used = variableUsages.filter((name) => name in variables).map((name) => [name, variables[name]]);
  if (used.length === 0) return representations;
  return { ...Object.fromEntries(used), ...representations };
}

export function noData(service: string): SubgraphError {
  return { message: `The subgraph "${service}" gave an answer that cannot be used.` };
}
