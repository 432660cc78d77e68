import {
  isAbstractType,
  isCompositeType,
  Kind,
  print,
  type DocumentNode,
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionNode,
} from 'graphql';
import { selectionOn, type SelectedField } from '../../operation/index.ts';
import { normalSelections } from './normal-selections.ts';

/** What one operation asks of a subgraph, read once for each document. */
export type CallPlan =
  | { readonly kind: 'entities'; readonly fields: readonly EntityField[] }
  | { readonly kind: 'root'; readonly text: string; readonly selection: readonly SelectedField[]; readonly said: Said }
  /** Not what a planner writes. */
  | { readonly kind: 'other' };

/** One `_entities` field of an operation (Apollo Federation's subgraph specification). */
export interface EntityField {
  readonly answerKey: string;
  /** The variable that takes the representations. */
  readonly variable: string;
  /** What is selected on entities of a type; undefined for a type that nobody knows. */
  selectedOn(typeName: string): EntitySelection | undefined;
}

export interface EntitySelection {
  readonly type: GraphQLCompositeType;
  /** The same for the same selection; variables stand in it as `$0`, `$1`, by their place in `variables`. */
  readonly text: string;
  readonly variables: readonly string[];
  readonly selection: readonly SelectedField[];
  readonly said: Said;
}

/** What answers said last of how they may be kept, which is taken to hold for the next one too. */
export interface Said {
  headers: 'unknown' | 'none' | 'some';
  isPrivate: boolean;
}

const plans = new WeakMap<DocumentNode, CallPlan>();

/** @param schema the supergraph's: with what clients do not see */
export function callPlanOf(schema: GraphQLSchema, document: DocumentNode): CallPlan {
  const known = plans.get(document) ?? readPlan(schema, document);
  plans.set(document, known);
  return known;
}

function readPlan(schema: GraphQLSchema, document: DocumentNode): CallPlan {
  const [operation, ...others] = document.definitions;
  if (operation?.kind !== Kind.OPERATION_DEFINITION || others.length > 0) return { kind: 'other' };
  const { selections } = operation.selectionSet;
  const entities = selections.flatMap((selection) => entityField(schema, selection) ?? []);
  if (entities.length > 0) {
    return entities.length === selections.length ? { kind: 'entities', fields: entities } : { kind: 'other' };
  }
  const selection = selectionOfRoot(schema, operation);
  if (!selection) return { kind: 'other' };
  // The client's name for the operation changes nothing.
  const { name: _, ...unnamed } = operation;
  const text = print(unnamed);
  return { kind: 'root', text, selection, said: nothingSaid() };
}

function selectionOfRoot(
  schema: GraphQLSchema,
  { operation, selectionSet }: OperationDefinitionNode,
): readonly SelectedField[] | undefined {
  const root = schema.getRootType(operation);
  return root ? selectionOn(schema, root, selectionSet, new Map()) : undefined;
}

function entityField(schema: GraphQLSchema, selection: SelectionNode): EntityField | undefined {
  if (selection.kind !== Kind.FIELD || selection.name.value !== '_entities') return undefined;
  const value = selection.arguments?.find(({ name }) => name.value === 'representations')?.value;
  if (value?.kind !== Kind.VARIABLE) return undefined;
  const byType = new Map<string, EntitySelection>();
  return {
    answerKey: selection.alias?.value ?? selection.name.value,
    variable: value.name.value,
    selectedOn(typeName) {
      const known = byType.get(typeName) ?? selectedOn(schema, selection, typeName);
      // Of what the schema does not have, a subgraph may name any number.
      if (known) byType.set(typeName, known);
      return known;
    },
  };
}

function selectedOn(schema: GraphQLSchema, { selectionSet }: FieldNode, typeName: string): EntitySelection | undefined {
  const type = schema.getType(typeName);
  if (!isCompositeType(type) || !selectionSet) return undefined;
  const selections = selectionSet.selections.filter((one) => mayConcern(schema, one, type));
  const set = { ...selectionSet, selections };
  const selection = selectionOn(schema, type, set, new Map());
  return selection && { type, selection, said: nothingSaid(), ...normalSelections(set) };
}

function mayConcern(schema: GraphQLSchema, selection: SelectionNode, type: GraphQLCompositeType): boolean {
  const condition = selection.kind === Kind.INLINE_FRAGMENT ? selection.typeCondition?.name.value : undefined;
  if (condition === undefined || condition === type.name) return true;
  const on = schema.getType(condition);
  return !isCompositeType(on) || isAbstractType(on) || isAbstractType(type);
}

function nothingSaid(): Said {
  return { headers: 'unknown', isPrivate: false };
}
