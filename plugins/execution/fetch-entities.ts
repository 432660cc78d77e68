import type {
  BatchFetchNode,
  FetchNode,
  FetchRewrite,
  FlattenNodePathSegment,
  RequiresSelection,
} from '@graphql-hive/router-query-planner';
import { representationOf, visitEntities, type ResponsePath } from './entities.ts';
import type { OrderCheck } from './entity-order.ts';
import type { SubgraphError } from './fetch-failures.ts';
import { orderCheckOf, responseKeys, stopOrderCheck } from './fetch-operation.ts';
import { isObject, type JsonObject, type JsonValue } from './json.ts';
import { copy, mergeInto } from './merge.ts';
import { applyRewrites } from './rewrites.ts';
import { noData, sendOnce, type Execution, type SubgraphAnswer } from './subgraph-operation.ts';

/** The entities that one field of a fetch is asked for. */
export interface EntityLookup {
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

export async function fetchEntities(
  execution: Execution,
  node: FetchNode | BatchFetchNode,
  lookups: readonly EntityLookup[],
): Promise<void> {
  const byVariable = new Map<string, Representations>();
  const targets = lookups.map((lookup) => collectTargets(execution, lookup, byVariable));
  if (targets.every(({ size }) => size === 0)) return;
  const representations = Object.fromEntries([...byVariable].map(([variable, { list }]) => [variable, list]));
  // One alone is in order; but it is asked for as several are, so that what is kept of it serves among several.
  const check = orderCheckOf(node, lookups, execution.keysOf);
  const answer = await sendChecked(execution, node, representations, check);
  const data = isObject(answer.data) ? answer.data : {};
  const { outputRewrites } = 'entityBatch' in node ? { outputRewrites: undefined } : node;
  if (outputRewrites) applyRewrites(data, outputRewrites, execution.isOfType);
  for (const [index, lookup] of lookups.entries()) {
    const waiting = targets[index];
    const { list = [] } = byVariable.get(lookup.variable) ?? {};
    if (waiting?.size)
      takeEntities(execution, node, lookup, waiting, list, data[lookup.answerKey], answer.errors ?? [], check);
  }
}

/** A subgraph that has entities but cannot give their keys is asked again without them, and from then on always. */
async function sendChecked(
  execution: Execution,
  node: FetchNode | BatchFetchNode,
  representations: JsonObject,
  check: OrderCheck | undefined,
): Promise<SubgraphAnswer> {
  const answer = await sendOnce(execution, node, representations, check?.document);
  if (!check || !answer.errors?.some(({ path }) => path && check.isOwnDoing(path))) return answer;
  stopOrderCheck(node);
  execution.report(node.serviceName, 'it does not give the keys of its entities; their order is not checked');
  return sendOnce(execution, node, representations);
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
  representations: readonly JsonObject[],
  entities: JsonValue | undefined,
  errors: readonly SubgraphError[],
  check: OrderCheck | undefined,
): void {
  const { failures, isOfType, report } = execution;
  const { serviceName } = node;
  const keys = responseKeys(node);
  const isAnswer = Array.isArray(entities) && entities.length === representations.length;
  const mine = errors.filter(({ path }) => !path?.length || path[0] === lookup.answerKey);
  const located = mine.filter(({ path }) => typeof path?.[1] === 'number');
  const others = mine.filter((error) => !located.includes(error));
  if (located.length > 0) locateErrors(execution, serviceName, lookup, targets, located);
  for (const error of others) failures.fail(serviceName, error, [...targets.values()].flat(), keys);
  if (!isAnswer) {
    if (mine.length > 0) return;
    report(serviceName, `it gave no list of ${representations.length} entities for as many representations`);
    failures.fail(serviceName, noData(serviceName), [...targets.values()].flat(), keys);
    return;
  }
  if (lookup.outputRewrites) applyRewrites(entities, lookup.outputRewrites, isOfType);
  for (const [index, waiting] of targets) {
    const entity: JsonValue | undefined = entities[index];
    if (!isObject(entity)) continue;
    if (check?.isOther(lookup.answerKey, representations[index] ?? {}, entity)) {
      report(serviceName, `its entity ${index} is another than the representation ${index}: they are out of order`);
      failures.fail(serviceName, noData(serviceName), waiting, keys);
      continue;
    }
    check?.strip(entity);
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
