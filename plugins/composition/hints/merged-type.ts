import { Kind, print, type ListTypeNode, type NamedTypeNode, type TypeNode } from 'graphql';

type NullableTypeNode = NamedTypeNode | ListTypeNode;

/** Whether the first named type is a member of the second, or implements it. */
export type IsSubtype = (type: string, of: string) => boolean;

/** The nullability of a list and of its items may differ; the library refuses it in a list of lists. */
const DEEPEST_DIFFERENCE = 1;

/**
 * The type of a field that its subgraphs type differently: the one among theirs that holds for the values of all.
 * Undefined if there is none; then they do not compose.
 */
export function mergeOutputs(types: readonly TypeNode[], isSubtype: IsSubtype): string | undefined {
  const merged = types.reduce<TypeNode | undefined>(
    (general, type) => general && mergeOutput(general, type, isSubtype, 0),
    types[0],
  );
  return merged && types.map((type) => print(type)).find((type) => type === print(merged));
}

/**
 * The type of an argument or input field that its subgraphs type differently: required if one of them requires it.
 * Undefined if more than that differs; then they do not compose.
 */
export function mergeInputs(types: readonly TypeNode[]): string | undefined {
  const [nullable, ...others] = new Set(types.map((type) => print(withoutNonNull(type))));
  return others.length > 0 || nullable === undefined ? undefined : `${nullable}!`;
}

function mergeOutput(a: TypeNode, b: TypeNode, isSubtype: IsSubtype, depth: number): TypeNode | undefined {
  const isRequired = a.kind === Kind.NON_NULL_TYPE;
  const differs = isRequired !== (b.kind === Kind.NON_NULL_TYPE);
  if (differs && depth > DEEPEST_DIFFERENCE) return undefined;
  const merged = mergeNullable(withoutNonNull(a), withoutNonNull(b), isSubtype, depth);
  return merged && isRequired && !differs ? { kind: Kind.NON_NULL_TYPE, type: merged } : merged;
}

function mergeNullable(
  a: NullableTypeNode,
  b: NullableTypeNode,
  isSubtype: IsSubtype,
  depth: number,
): NullableTypeNode | undefined {
  if (a.kind === Kind.LIST_TYPE && b.kind === Kind.LIST_TYPE) {
    const type = mergeOutput(a.type, b.type, isSubtype, depth + 1);
    return type && { kind: Kind.LIST_TYPE, type };
  }
  if (a.kind === Kind.LIST_TYPE || b.kind === Kind.LIST_TYPE) return undefined;
  if (a.name.value === b.name.value || isSubtype(b.name.value, a.name.value)) return a;
  return isSubtype(a.name.value, b.name.value) ? b : undefined;
}

function withoutNonNull(type: TypeNode): NullableTypeNode {
  return type.kind === Kind.NON_NULL_TYPE ? type.type : type;
}
