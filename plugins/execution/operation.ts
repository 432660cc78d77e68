import {
  Kind,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import type { Withheld } from '../request-context.ts';
import { withoutRuledOut } from './literal-conditions.ts';
import { withPushedConditions } from './pushed-conditions.ts';
import { compileShape, type Restrictions, type Shape } from './shape.ts';
import { withoutAbstractConditions } from './abstract-conditions.ts';

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

export type OperationCompiler = (
  document: DocumentNode,
  operationName: string | undefined,
  withheld: Withheld | undefined,
) => CompiledOperation | undefined;

/**
 * Gives an operation compiled, once for each document and what of it is withheld. Undefined when the document has no
 * such operation.
 */
export function operationCompiler(schema: GraphQLSchema): OperationCompiler {
  const compiled = new WeakMap<DocumentNode, Map<string, CompiledOperation>>();
  return (document, operationName = '', withheld) => {
    const key = withheld?.document ?? document;
    const known = compiled.get(key)?.get(operationName);
    if (known) return known;
    const operation = compileOperation(schema, document, operationName, withheld);
    if (!operation) return undefined;
    const operations = compiled.get(key) ?? new Map<string, CompiledOperation>();
    compiled.set(key, operations.set(operationName, operation));
    return operation;
  };
}

function compileOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string,
  withheld: Withheld | undefined,
): CompiledOperation | undefined {
  const definition = operationOf(document, operationName);
  const type = definition && schema.getRootType(definition.operation);
  if (!definition || !type) return undefined;
  const shape = compileShape(
    schema,
    fragmentsOf(document),
    type,
    definition.selectionSet,
    withheld ?? NOTHING_WITHHELD,
  );
  const asked = plannable(schema, withheld?.document ?? document);
  const askedFor = operationOf(asked, operationName);
  return { definition, shape, ...(askedFor ? split(askedFor, asked) : NOTHING_ASKED) };
}

/** A document of the same meaning that the planner has no trouble with. */
function plannable(schema: GraphQLSchema, document: DocumentNode): DocumentNode {
  return withPushedConditions(schema, withoutAbstractConditions(schema, withoutRuledOut(document)));
}

const NOTHING_WITHHELD: Restrictions = { fields: new Set() };
const NOTHING_ASKED = { introspection: undefined, planned: undefined };

/** What subgraphs answer, and what the gateway does. */
function split(
  definition: OperationDefinitionNode,
  document: DocumentNode,
): Pick<CompiledOperation, 'introspection' | 'planned'> {
  const fragments = fragmentsOf(document);
  const introspection = withRootFields(definition, fragments, document, (name) => INTROSPECTION.has(name));
  const planned = introspection
    ? withRootFields(definition, fragments, document, (name) => !INTROSPECTION.has(name))
    : document;
  return { introspection, planned: selectsData(definition.selectionSet, fragments) ? planned : undefined };
}

function operationOf(document: DocumentNode, name: string): OperationDefinitionNode | undefined {
  return document.definitions.find(
    (node): node is OperationDefinitionNode =>
      node.kind === Kind.OPERATION_DEFINITION && (name === '' || node.name?.value === name),
  );
}

function fragmentsOf(document: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> {
  return new Map(
    document.definitions
      .filter((node): node is FragmentDefinitionNode => node.kind === Kind.FRAGMENT_DEFINITION)
      .map((fragment) => [fragment.name.value, fragment]),
  );
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
