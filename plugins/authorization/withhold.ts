import {
  Kind,
  type DefinitionNode,
  type DocumentNode,
  type FieldNode,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';

export const TYPE_NAME: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };

/** What comes into a document beside a field, and within what the field selects. */
export interface Additions {
  beside(node: FieldNode): readonly SelectionNode[];
  within(node: FieldNode): readonly SelectionNode[];
}

/**
 * A document without some of its fields, and with others. What would select nothing then selects `__typename`, so that
 * an object whose fields are all withheld is still asked whether it is there.
 */
export function rewritten(
  document: DocumentNode,
  withheld: ReadonlySet<FieldNode>,
  additions: Additions | undefined,
): DocumentNode {
  function selectionSet(set: SelectionSetNode, added: readonly SelectionNode[]): SelectionSetNode {
    const selections = [...set.selections.flatMap(selection), ...added];
    return { ...set, selections: selections.length > 0 ? selections : [TYPE_NAME] };
  }

  function selection(node: SelectionNode): readonly SelectionNode[] {
    if (node.kind === Kind.FRAGMENT_SPREAD) return [node];
    if (node.kind === Kind.INLINE_FRAGMENT) return [{ ...node, selectionSet: selectionSet(node.selectionSet, []) }];
    if (withheld.has(node)) return [];
    const within = node.selectionSet && selectionSet(node.selectionSet, additions?.within(node) ?? []);
    const own = within ? { ...node, selectionSet: within } : node;
    return [own, ...(additions?.beside(node) ?? [])];
  }

  function definition(node: DefinitionNode): DefinitionNode {
    return 'selectionSet' in node ? { ...node, selectionSet: selectionSet(node.selectionSet, []) } : node;
  }

  return { ...document, definitions: document.definitions.map(definition) };
}

/** The operation that is executed. */
export function operationIn(
  document: DocumentNode,
  name: string | undefined | null,
): OperationDefinitionNode | undefined {
  return document.definitions.find(
    (node): node is OperationDefinitionNode =>
      node.kind === Kind.OPERATION_DEFINITION && (!name || node.name?.value === name),
  );
}
