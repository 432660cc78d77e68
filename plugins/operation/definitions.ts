import {
  Kind,
  type DocumentNode,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { isRuledOut } from './conditions.ts';

export type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

/** The operation of that name; the first one without a name, which is the one that the engine would run. */
export function operationOf(document: DocumentNode, name: string): OperationDefinitionNode | undefined {
  return document.definitions.find(
    (node): node is OperationDefinitionNode =>
      node.kind === Kind.OPERATION_DEFINITION && (name === '' || node.name?.value === name),
  );
}

/**
 * The fragments that a selection set can come to, each after all that it spreads itself, so that what is found out of
 * one can be used for the next. Fragments are not followed by recursion: a chain of thousands is a valid document.
 */
export function fragmentsWithin(root: SelectionSetNode, document: DocumentNode): Fragments {
  const all = new Map(
    document.definitions
      .filter((node): node is FragmentDefinitionNode => node.kind === Kind.FRAGMENT_DEFINITION)
      .map((fragment) => [fragment.name.value, fragment]),
  );
  const ordered = new Map<string, FragmentDefinitionNode>();
  const met = new Set<string>();
  const path: { readonly of?: FragmentDefinitionNode; readonly ahead: string[] }[] = [{ ahead: spreadsIn(root) }];
  for (let at = path.at(-1); at; at = path.at(-1)) {
    const name = at.ahead.pop();
    if (name === undefined) {
      if (at.of) ordered.set(at.of.name.value, at.of);
      path.pop();
      continue;
    }
    const fragment = met.has(name) ? undefined : all.get(name);
    if (!fragment) continue;
    met.add(name);
    path.push({ of: fragment, ahead: spreadsIn(fragment.selectionSet) });
  }
  return ordered;
}

function spreadsIn(set: SelectionSetNode, into: string[] = []): string[] {
  for (const selection of set.selections) {
    if (isRuledOut(selection)) continue;
    if (selection.kind === Kind.FRAGMENT_SPREAD) into.push(selection.name.value);
    else if (selection.selectionSet) spreadsIn(selection.selectionSet, into);
  }
  return into;
}
