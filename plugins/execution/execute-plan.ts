import type {
  BatchFetchNode,
  FetchNode,
  FlattenNodePathSegment,
  FetchRewrite,
  PlanNode,
  RequiresSelection,
} from '@graphql-hive/router-query-planner';
import { isAsyncIterable, mapAsyncIterator } from '@graphql-tools/utils';
import type { DocumentNode, GraphQLSchema } from 'graphql';
import { completeResponse, type CompletedResponse } from './complete.ts';
import { representationOf, visitEntities, type ResponsePath } from './entities.ts';
import { fetchFailures, type FetchFailures, type SubgraphError } from './fetch-failures.ts';
import type { FieldOwner } from './field-owners.ts';
import { fetchOperation, responseKeys } from './fetch-operation.ts';
import { isObject, type JsonObject, type JsonValue } from './json.ts';
import { copy, mergeInto } from './merge.ts';
import { applyRewrites } from './rewrites.ts';
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
  readonly send: SendOperation;
}

/** One response in the making. */
interface Execution extends PlanContext {
  readonly data: JsonObject;
  readonly failures: FetchFailures;
}

/** Executes the plan of a query or mutation. Never rejects for what a subgraph does. */
export async function executePlan(context: PlanContext, node: PlanNode): Promise<CompletedResponse> {
  const execution: Execution = { ...context, data: {}, failures: fetchFailures() };
  await executeNode(execution, node);
  return complete(execution);
}

/**
 * Executes the plan of a subscription: a response for each event, each with errors of its own only; or, when the
 * subgraph refuses, one response.
 */
export async function subscribePlan(
  context: PlanContext,
  primary: FetchNode,
  rest: readonly PlanNode[],
): Promise<CompletedResponse | AsyncIterable<CompletedResponse>> {
  async function respond(answer: SubgraphAnswer): Promise<CompletedResponse> {
    const execution: Execution = { ...context, data: {}, failures: fetchFailures() };
    takeRootAnswer(execution, primary, answer);
    for (const node of rest) await executeNode(execution, node);
    return complete(execution);
  }

  const answer = await sendSafely(context, primary, undefined);
  return isAsyncIterable(answer) ? mapAsyncIterator(answer, respond) : respond(answer);
}

function complete({ schema, shape, data, variables, failures, ownerOf }: Execution): CompletedResponse {
  return completeResponse(schema, shape, data, variables, failures, ownerOf);
}

async function executeNode(execution: Execution, node: PlanNode): Promise<void> {
  switch (node.kind) {
    case 'Sequence':
      for (const step of node.nodes) await executeNode(execution, step);
      return;
    case 'Parallel':
      await Promise.all(node.nodes.map((branch) => executeNode(execution, branch)));
      return;
    case 'Condition': {
      const clause = execution.variables[node.condition] === true ? node.ifClause : node.elseClause;
      if (clause) await executeNode(execution, clause);
      return;
    }
    case 'Fetch':
      takeRootAnswer(execution, node, await sendOnce(execution, node, undefined));
      return;
    case 'Flatten':
      if (node.node.kind !== 'Fetch') throw new Error(`the plan flattens a ${node.node.kind}`);
      await fetchEntities(execution, node.node, [
        {
          answerKey: '_entities',
          variable: 'representations',
          paths: [node.path],
          requires: node.node.requires ?? [],
          inputRewrites: node.node.inputRewrites,
          outputRewrites: undefined,
        },
      ]);
      return;
    case 'BatchFetch':
      await fetchEntities(
        execution,
        node,
        node.entityBatch.aliases.map(({ alias, representationsVariableName, ...rest }) => ({
          answerKey: alias,
          variable: representationsVariableName,
          paths: rest.paths,
          requires: rest.requires,
          inputRewrites: rest.inputRewrites,
          outputRewrites: rest.outputRewrites,
        })),
      );
      return;
    case 'Subscription':
    case 'Defer':
      throw new Error(`the plan has a ${node.kind} within another step`);
  }
}

function takeRootAnswer(execution: Execution, node: FetchNode, { data, errors = [] }: SubgraphAnswer): void {
  if (isObject(data)) {
    if (node.outputRewrites) applyRewrites(data, node.outputRewrites, execution.isOfType);
    mergeInto(execution.data, data);
  }
  const { failures } = execution;
  for (const error of errors) {
    if (error.path?.length) failures.locate(node.serviceName, error, error.path);
    else failures.fail(node.serviceName, error, [execution.data], responseKeys(node));
  }
  if (!isObject(data) && errors.length === 0) {
    failures.fail(node.serviceName, noData(node.serviceName), [execution.data], responseKeys(node));
  }
}

/** The entities that one field of a fetch is asked for. */
interface EntityLookup {
  /** Where the answer holds them. */
  readonly answerKey: string;
  /** The variable that takes the representations; several look-ups may share one. */
  readonly variable: string;
  readonly paths: readonly (readonly FlattenNodePathSegment[])[];
  readonly requires: readonly RequiresSelection[];
  readonly inputRewrites: readonly FetchRewrite[] | undefined;
  readonly outputRewrites: readonly FetchRewrite[] | undefined;
}

/** Distinct representations, in the order in which they are sent. */
interface Representations {
  readonly list: JsonObject[];
  readonly indexes: Map<string, number>;
}

/** The objects that wait for each representation, by its index. */
type Targets = Map<number, JsonObject[]>;

async function fetchEntities(
  execution: Execution,
  node: FetchNode | BatchFetchNode,
  lookups: readonly EntityLookup[],
): Promise<void> {
  const byVariable = new Map<string, Representations>();
  const targets = lookups.map((lookup) => collectTargets(execution, lookup, byVariable));
  if (targets.every(({ size }) => size === 0)) return;
  const representations = Object.fromEntries([...byVariable].map(([variable, { list }]) => [variable, list]));
  const answer = await sendOnce(execution, node, representations);
  const data = isObject(answer.data) ? answer.data : {};
  const { outputRewrites } = 'entityBatch' in node ? { outputRewrites: undefined } : node;
  if (outputRewrites) applyRewrites(data, outputRewrites, execution.isOfType);
  for (const [index, lookup] of lookups.entries()) {
    const waiting = targets[index];
    const expected = byVariable.get(lookup.variable)?.list.length ?? 0;
    if (waiting?.size)
      takeEntities(execution, node, lookup, waiting, expected, data[lookup.answerKey], answer.errors ?? []);
  }
}

function collectTargets(
  { data, isOfType }: Execution,
  { variable, paths, requires, inputRewrites }: EntityLookup,
  byVariable: Map<string, Representations>,
): Targets {
  const { list, indexes } = byVariable.get(variable) ?? { list: [], indexes: new Map<string, number>() };
  byVariable.set(variable, { list, indexes });
  const targets: Targets = new Map();
  for (const path of paths) {
    visitEntities(data, path, isOfType, (entity) => {
      const representation = representationOf(entity, requires, isOfType);
      if (!representation) return;
      if (inputRewrites) applyRewrites(representation, inputRewrites, isOfType);
      const identity = JSON.stringify(representation);
      const index = indexes.get(identity) ?? list.push(representation) - 1;
      indexes.set(identity, index);
      const waiting = targets.get(index);
      if (waiting) waiting.push(entity);
      else targets.set(index, [entity]);
    });
  }
  return targets;
}

function takeEntities(
  execution: Execution,
  node: FetchNode | BatchFetchNode,
  lookup: EntityLookup,
  targets: Targets,
  expected: number,
  entities: JsonValue | undefined,
  errors: readonly SubgraphError[],
): void {
  const { failures, isOfType } = execution;
  const { serviceName } = node;
  const keys = responseKeys(node);
  const isAnswer = Array.isArray(entities) && entities.length === expected;
  const mine = errors.filter(({ path }) => !path?.length || path[0] === lookup.answerKey);
  const located = mine.filter(({ path }) => typeof path?.[1] === 'number');
  const others = mine.filter((error) => !located.includes(error));
  if (located.length > 0) locateErrors(execution, serviceName, lookup, targets, located);
  for (const error of others) failures.fail(serviceName, error, [...targets.values()].flat(), keys);
  if (!isAnswer) {
    if (mine.length === 0) failures.fail(serviceName, noData(serviceName), [...targets.values()].flat(), keys);
    return;
  }
  if (lookup.outputRewrites) applyRewrites(entities, lookup.outputRewrites, isOfType);
  for (const [index, waiting] of targets) {
    const entity: JsonValue | undefined = entities[index];
    if (!isObject(entity)) continue;
    for (const [place, target] of waiting.entries())
      mergeInto(target, place === waiting.length - 1 ? entity : copy(entity));
  }
}

/** Errors that name an entity by its index are told at every place of the response where that entity stands. */
function locateErrors(
  { data, isOfType, failures }: Execution,
  service: string,
  lookup: EntityLookup,
  targets: Targets,
  errors: readonly SubgraphError[],
): void {
  const places = new Map<JsonObject, ResponsePath>();
  for (const path of lookup.paths) {
    visitEntities(data, path, isOfType, (entity, at) => places.set(entity, [...at]));
  }
  for (const error of errors) {
    const [, index, ...within] = error.path ?? [];
    for (const target of targets.get(Number(index)) ?? []) {
      const place = places.get(target);
      if (place) failures.locate(service, error, [...place, ...within]);
    }
  }
}

/** An answer that is no stream. */
async function sendOnce(
  execution: Execution,
  node: FetchNode | BatchFetchNode,
  representations: JsonObject | undefined,
): Promise<SubgraphAnswer> {
  const answer = await sendSafely(execution, node, representations);
  if (!isAsyncIterable(answer)) return answer;
  await answer[Symbol.asyncIterator]().return?.();
  return { errors: [noData(node.serviceName)] };
}

async function sendSafely(
  { send, variables, operationKind }: PlanContext,
  node: FetchNode | BatchFetchNode,
  representations: JsonObject | undefined,
): Promise<SubgraphAnswer | AsyncIterable<SubgraphAnswer>> {
  try {
    const answer = await send({
      service: node.serviceName,
      document: fetchOperation(node).document,
      operationName: node.operationName,
      kind: node.operationKind ?? operationKind,
      variables: variablesOf(node, variables, representations),
    });
    return answer ?? { errors: [noData(node.serviceName)] };
  } catch (error) {
    return { errors: [error as SubgraphError] };
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

function noData(service: string): SubgraphError {
  return { message: `The subgraph "${service}" gave an answer that cannot be used.` };
}
