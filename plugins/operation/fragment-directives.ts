import { Kind, type OperationDefinitionNode, type SelectionSetNode } from 'graphql';
import { otherDirectives } from './conditions.ts';
import type { Fragments } from './definitions.ts';

/** Whether an operation's fragments, or their spreads, have directives beside `@skip` and `@include`. */
export function marksFragments({ selectionSet }: OperationDefinitionNode, fragments: Fragments): boolean {
  if (hasMarked(selectionSet)) return true;
  return [...fragments.values()].some(
    (fragment) => otherDirectives(fragment.directives).length > 0 || hasMarked(fragment.selectionSet),
  );
}

function hasMarked({ selections }: SelectionSetNode): boolean {
  return selections.some((selection) => {
    if (selection.kind !== Kind.FIELD && otherDirectives(selection.directives).length > 0) return true;
    return selection.kind !== Kind.FRAGMENT_SPREAD && selection.selectionSet
      ? hasMarked(selection.selectionSet)
      : false;
  });
}
