import type { OperationDefinitionNode, SelectionSetNode } from 'graphql';
import { conditionsOf } from '../conditions.ts';
import type { Fragments } from '../definitions.ts';

/** The variables that decide a `@skip` or an `@include` of an operation, each once. */
export function conditionVariables({ selectionSet }: OperationDefinitionNode, fragments: Fragments): readonly string[] {
  const names = new Set<string>();

  function visit({ selections }: SelectionSetNode): void {
    for (const selection of selections) {
      for (const { variable } of conditionsOf(selection)) names.add(variable);
      if ('selectionSet' in selection && selection.selectionSet) visit(selection.selectionSet);
    }
  }

  visit(selectionSet);
  for (const fragment of fragments.values()) visit(fragment.selectionSet);
  return [...names];
}
