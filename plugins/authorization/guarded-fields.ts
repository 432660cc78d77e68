import {
  Kind,
  TypeInfo,
  visit,
  visitWithTypeInfo,
  type DocumentNode,
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLSchema,
} from 'graphql';
import type { DataRequirements, DataRules } from './data-requirements.ts';
import { policiesIn } from './grants.ts';
import type { Requirement, RequirementsOf } from './requirements.ts';

/** A field of a document that not everybody may see. */
export interface GuardedField {
  readonly node: FieldNode;
  /** The type that it is selected on. */
  readonly parent: GraphQLCompositeType;
  /** `Type.field`, of that type. */
  readonly coordinate: string;
  readonly definition: GraphQLField<unknown, unknown>;
  readonly requirements: readonly Requirement[];
  /** What policies decide on data. */
  readonly data: DataRequirements | undefined;
  /** Policies that are asked before there is data. */
  readonly policies: readonly string[];
}

/** The fields of a valid document that ask something of the caller, in all its operations and fragments. */
export function guardedFields(
  schema: GraphQLSchema,
  document: DocumentNode,
  requirementsFor: RequirementsOf,
  dataRules: DataRules,
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
        const data = dataRules.of(parent.name, node.name.value);
        if (requirements.length === 0 && !data) return;
        const onData = data ? [...data.field.values(), ...data.value.values()].flat() : [];
        const policies = policiesIn([...requirements, ...onData]).filter((policy) => !dataRules.needs.has(policy));
        const coordinate = `${parent.name}.${node.name.value}`;
        guarded.push({ node, parent, coordinate, definition, requirements, data, policies });
      },
    }),
  );
  return guarded;
}
