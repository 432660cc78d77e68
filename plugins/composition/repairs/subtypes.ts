import { Kind, type TypeNode } from 'graphql';
import { readDefinitions, type SubgraphDocument } from '../conflicts/definitions.ts';

/** Whether the first named type is a member of the second or implements it. */
export type IsSubtype = (type: string, of: string) => boolean;

/** As far as any of the documents says so. */
export function readSubtypes(documents: readonly SubgraphDocument['typeDefs'][]): IsSubtype {
  const types = documents.map((document) => readDefinitions(document).types);
  return (type, of) =>
    types.some((known) => known.get(of)?.members.has(type) === true || known.get(type)?.interfaces.has(of) === true);
}

/** The one of these types that holds for the values of all, if there is one. */
export function mostGeneral<Type extends TypeNode>(types: readonly Type[], isSubtype: IsSubtype): Type | undefined {
  return types.find((general) => types.every((type) => holdsFor(type, general, isSubtype)));
}

/** Whether every value of a type is one of the general type (GraphQL specification, IsValidImplementationFieldType). */
export function holdsFor(type: TypeNode, general: TypeNode, isSubtype: IsSubtype): boolean {
  if (general.kind === Kind.NON_NULL_TYPE) {
    return type.kind === Kind.NON_NULL_TYPE && holdsFor(type.type, general.type, isSubtype);
  }
  if (type.kind === Kind.NON_NULL_TYPE) return holdsFor(type.type, general, isSubtype);
  if (type.kind === Kind.LIST_TYPE || general.kind === Kind.LIST_TYPE) {
    return (
      type.kind === Kind.LIST_TYPE && general.kind === Kind.LIST_TYPE && holdsFor(type.type, general.type, isSubtype)
    );
  }
  return type.name.value === general.name.value || isSubtype(type.name.value, general.name.value);
}
