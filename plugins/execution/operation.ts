import {
  Kind,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { compileShape, type Shape } from './shape.ts';

/** An operation of a document, compiled against a schema. */
export interface CompiledOperation {
  readonly definition: OperationDefinitionNode;
  readonly shape: Shape;
  /** What subgraphs are asked for: the document without introspection; undefined when nothing is left. */
  readonly planned: DocumentNode | undefined;
  /** What the gateway answers by itself: the document with nothing but introspection; undefined when there is none. */
  readonly introspection: DocumentNode | undefined;
}

const INTROSPECTION = new Set(['__schema', '__type']);

/** Gives an operation compiled, once for each document. Undefined when the document has no such operation. */
export function operationCompiler(
  schema: GraphQLSchema,
): (document: DocumentNode, operationName: string | undefined) => CompiledOperation | undefined {
  const compiled = new WeakMap<DocumentNode, Map<string, CompiledOperation>>();
  return (document, operationName = '') => {
    const known = compiled.get(document)?.get(operationName);
    if (known) return known;
    const operation = compileOperation(schema, document, operationName);
    if (!operation) return undefined;
    const operations = compiled.get(document) ?? new Map<string, CompiledOperation>();
    compiled.set(document, operations.set(operationName, operation));
    return operation;
  };
}

function compileOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string,
): CompiledOperation | undefined {
  const definition = document.definitions.find(
    (node): node is OperationDefinitionNode =>
      node.kind === Kind.OPERATION_DEFINITION && (operationName === '' || node.name?.value === operationName),
  );
  const type = definition && schema.getRootType(definition.operation);
  if (!definition || !type) return undefined;
  const fragments = new Map(
    document.definitions
      .filter((node): node is FragmentDefinitionNode => node.kind === Kind.FRAGMENT_DEFINITION)
      .map((fragment) => [fragment.name.value, fragment]),
  );
  const shape = compileShape(schema, fragments, type, definition.selectionSet);
  const introspection = withRootFields(definition, fragments, document, (name) => INTROSPECTION.has(name));
  const planned = introspection
    ? withRootFields(definition, fragments, document, (name) => !INTROSPECTION.has(name))
    : document;
  return {
    definition,
    shape,
    introspection,
    planned: selectsData(definition.selectionSet, fragments) ? planned : undefined,
  };
}

/** Whether any field but introspection's is selected, whatever the variables. */
function selectsData(set: SelectionSetNode, fragments: ReadonlyMap<string, FragmentDefinitionNode>): boolean {
  return set.selections.some((selection) => {
    if (selection.kind === Kind.FIELD) return !selection.name.value.startsWith('__');
    const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
    return fragment !== undefined && selectsData(fragment.selectionSet, fragments);
  });
}

/**
 * The document with only some fields of the operation's root, which may stand in fragments; within them everything
 * stays. Undefined when there are none.
 */
function withRootFields(
  operation: OperationDefinitionNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  document: DocumentNode,
  isKept: (name: string) => boolean,
): DocumentNode | undefined {
  const keep = (set: SelectionSetNode): SelectionSetNode => ({
    kind: Kind.SELECTION_SET,
    selections: set.selections.flatMap((selection): SelectionNode[] => {
      if (selection.kind === Kind.FIELD) return isKept(selection.name.value) ? [selection] : [];
      const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
      if (!fragment) return [];
      const { directives = [] } = selection;
      const selectionSet = keep(fragment.selectionSet);
      return selectionSet.selections.length > 0 ? [{ kind: Kind.INLINE_FRAGMENT, directives, selectionSet }] : [];
    }),
  });
  const selectionSet = keep(operation.selectionSet);
  if (selectionSet.selections.length === 0) return undefined;
  const others = document.definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION);
  return { ...document, definitions: [{ ...operation, selectionSet }, ...others] };
}
