import type { BatchFetchNode, FetchNode } from '@graphql-hive/router-query-planner';
import { documentStringMap } from '@envelop/core';
import type { EntityKeys } from './entity-keys.ts';
import { orderCheck, type CheckedField, type OrderCheck } from './entity-order.ts';
import { Kind, parse, type DocumentNode, type SelectionSetNode } from 'graphql';

/** What a fetch of a plan sends, parsed once for each plan. */
interface FetchOperation {
  readonly document: DocumentNode;
  readonly responseKeys: ReadonlySet<string>;
}

const operations = new WeakMap<FetchNode | BatchFetchNode, FetchOperation>();

export function fetchOperation(node: FetchNode | BatchFetchNode): FetchOperation {
  const known = operations.get(node);
  if (known) return known;
  const document = parse(node.operation, { noLocation: true });
  // Whoever prints the document finds its text here.
  documentStringMap.set(document, node.operation);
  const operation: FetchOperation = { document, responseKeys: topKeys(document, node) };
  operations.set(node, operation);
  return operation;
}

const orderChecks = new WeakMap<FetchNode | BatchFetchNode, OrderCheck | 'none'>();

/** How to tell that its entities are in order; undefined when that cannot be told. */
export function orderCheckOf(
  node: FetchNode | BatchFetchNode,
  fields: readonly CheckedField[],
  keysOf: EntityKeys,
): OrderCheck | undefined {
  const known = orderChecks.get(node) ?? orderCheck(fetchOperation(node).document, node.serviceName, fields, keysOf);
  orderChecks.set(node, known ?? 'none');
  return known === 'none' ? undefined : known;
}

/** From now on, its entities are taken to be in order: the subgraph cannot give their keys. */
export function stopOrderCheck(node: FetchNode | BatchFetchNode): void {
  orderChecks.set(node, 'none');
}

/** The response keys that a fetch is to give the objects that it is made for. */
export function responseKeys(node: FetchNode | BatchFetchNode): ReadonlySet<string> {
  return fetchOperation(node).responseKeys;
}

function topKeys(document: DocumentNode, node: FetchNode | BatchFetchNode): ReadonlySet<string> {
  const keys = new Set<string>();
  const isEntityFetch = 'entityBatch' in node || node.requires !== undefined;
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    if (!isEntityFetch) {
      addKeys(definition.selectionSet, keys);
      continue;
    }
    for (const entities of definition.selectionSet.selections) {
      if (entities.kind === Kind.FIELD && entities.selectionSet) addKeys(entities.selectionSet, keys);
    }
  }
  const rewrites =
    'entityBatch' in node
      ? node.entityBatch.aliases.flatMap((alias) => alias.outputRewrites ?? [])
      : (node.outputRewrites ?? []);
  for (const rewrite of rewrites) if ('KeyRenamer' in rewrite) keys.add(rewrite.KeyRenamer.renameKeyTo);
  return keys;
}

function addKeys(set: SelectionSetNode, keys: Set<string>): void {
  for (const selection of set.selections) {
    if (selection.kind === Kind.FIELD) keys.add(selection.alias?.value ?? selection.name.value);
    else if (selection.kind === Kind.INLINE_FRAGMENT) addKeys(selection.selectionSet, keys);
  }
}
