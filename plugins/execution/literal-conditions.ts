import { Kind, visit, type DirectiveNode, type DocumentNode, type SelectionNode, type SelectionSetNode } from 'graphql';

/**
 * A document without what a literal `@skip(if: true)` or `@include(if: false)` rules out; the same one when there is
 * none. The planner refuses an operation of which nothing is left. What would select nothing selects `__typename`.
 */
export function withoutRuledOut(document: DocumentNode): DocumentNode {
  const keep = (selection: SelectionNode): null | undefined =>
    selection.directives?.some(rulesOut) ? null : undefined;
  return visit(document, {
    Field: keep,
    InlineFragment: keep,
    FragmentSpread: keep,
    SelectionSet: { leave: orTypeName },
  });
}

/** For `visit`: what would select nothing selects `__typename`. */
export function orTypeName({ selections }: SelectionSetNode): SelectionSetNode | undefined {
  return selections.length === 0 ? { kind: Kind.SELECTION_SET, selections: [TYPE_NAME] } : undefined;
}

const TYPE_NAME: SelectionNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };

function rulesOut({ name, arguments: args }: DirectiveNode): boolean {
  if (name.value !== 'skip' && name.value !== 'include') return false;
  const value = args?.find((argument) => argument.name.value === 'if')?.value;
  return value?.kind === Kind.BOOLEAN && value.value === (name.value === 'skip');
}
