import {
  Kind,
  visit,
  type DocumentNode,
  type FieldNode,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';

const TYPE_NAME: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };

/**
 * A document without some of its fields. What would select nothing then selects `__typename`, so that an object whose
 * fields are all withheld is still asked whether it is there.
 */
export function withoutFields(document: DocumentNode, fields: ReadonlySet<FieldNode>): DocumentNode {
  return visit(document, {
    Field: (node) => (fields.has(node) ? null : undefined),
    SelectionSet: {
      leave: ({ selections }): SelectionSetNode | undefined =>
        selections.length === 0 ? { kind: Kind.SELECTION_SET, selections: [TYPE_NAME] } : undefined,
    },
  });
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
