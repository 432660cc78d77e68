import {
  Kind,
  TypeInfo,
  visit,
  visitWithTypeInfo,
  type DocumentNode,
  type FieldNode,
  type GraphQLField,
  type GraphQLSchema,
} from 'graphql';
import type { Requirement, RequirementsOf } from './requirements.ts';

/** A field of a document that not everybody may see. */
export interface GuardedField {
  readonly node: FieldNode;
  /** `Type.field`, of the type that it is selected on. */
  readonly coordinate: string;
  readonly definition: GraphQLField<unknown, unknown>;
  readonly requirements: readonly Requirement[];
}

/** The fields of a valid document that ask something of the caller, in all its operations and fragments. */
export function guardedFields(
  schema: GraphQLSchema,
  document: DocumentNode,
  requirementsFor: RequirementsOf,
): readonly GuardedField[] {
  const types = new TypeInfo(schema);
  const guarded: GuardedField[] = [];
  visit(
    document,
    visitWithTypeInfo(types, {
      [Kind.FIELD](node) {
        const [parent, definition] = [types.getParentType(), types.getFieldDef()];
        if (!parent || !definition) return;
        const requirements = requirementsFor(parent.name, node.name.value);
        if (requirements.length === 0) return;
        guarded.push({ node, coordinate: `${parent.name}.${node.name.value}`, definition, requirements });
      },
    }),
  );
  return guarded;
}
