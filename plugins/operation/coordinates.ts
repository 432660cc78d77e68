import {
  getNamedType,
  isCompositeType,
  Kind,
  type GraphQLCompositeType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { isRuledOut } from './conditions.ts';
import type { Fragments } from './definitions.ts';
import { fieldOn } from './meta-fields.ts';

/** A field by the type that it is selected on, `Type.field`, where the type may be an interface (schema coordinates). */
export type Coordinate = `${string}.${string}`;

/** What of the schema an operation names. Introspection and `__typename` are not among it. */
export interface Touched {
  /** Each field once, with the names of all arguments that it is given anywhere in the operation. */
  readonly fields: ReadonlyMap<Coordinate, ReadonlySet<string>>;
  /** The named types that these fields are of, as the schema declares them: leaves, objects, interfaces, unions. */
  readonly types: ReadonlySet<string>;
}

/**
 * What an operation touches, whatever its variables: a field that a literal `@skip` or `@include` rules out is not
 * there, one that a variable decides is. Each fragment is read once, so that the size of what it spreads to is no matter.
 */
export function touchedBy(schema: GraphQLSchema, operation: OperationDefinitionNode, fragments: Fragments): Touched {
  const fields = new Map<Coordinate, Set<string>>();
  const types = new Set<string>();

  function visit(set: SelectionSetNode, type: GraphQLCompositeType): void {
    for (const selection of set.selections) {
      if (isRuledOut(selection)) continue;
      if (selection.kind === Kind.INLINE_FRAGMENT) {
        const condition = selection.typeCondition ? schema.getType(selection.typeCondition.name.value) : type;
        if (isCompositeType(condition)) visit(selection.selectionSet, condition);
      } else if (selection.kind === Kind.FIELD && !selection.name.value.startsWith('__')) {
        const fieldType = fieldOn(schema, type, selection.name.value)?.type;
        if (!fieldType) continue;
        const coordinate: Coordinate = `${type.name}.${selection.name.value}`;
        const args = fields.get(coordinate) ?? new Set();
        fields.set(coordinate, args);
        for (const { name } of selection.arguments ?? []) args.add(name.value);
        const named = getNamedType(fieldType);
        types.add(named.name);
        if (selection.selectionSet && isCompositeType(named)) visit(selection.selectionSet, named);
      }
    }
  }

  const root = schema.getRootType(operation.operation);
  if (root) visit(operation.selectionSet, root);
  for (const { typeCondition, selectionSet } of fragments.values()) {
    const type = schema.getType(typeCondition.name.value);
    if (isCompositeType(type) && !type.name.startsWith('__')) visit(selectionSet, type);
  }
  return { fields, types };
}
