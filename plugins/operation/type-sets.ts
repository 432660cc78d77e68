import {
  isAbstractType,
  type GraphQLAbstractType,
  type GraphQLCompositeType,
  type GraphQLObjectType,
  type GraphQLSchema,
} from 'graphql';

/** Object types that an object may be of at some place of an operation. */
export interface TypeSet {
  /** In the order of their names. */
  readonly types: readonly GraphQLObjectType[];
  readonly names: ReadonlySet<string>;
  /** The same for the same types. */
  readonly key: string;
}

interface SchemaTypes {
  readonly possible: Map<string, TypeSet>;
  readonly abstract: readonly GraphQLAbstractType[];
}

const bySchema = new WeakMap<GraphQLSchema, SchemaTypes>();

/** The object types that an object of a type may be of (GetPossibleTypes, GraphQL specification, section 5.5.2.3). */
export function possibleTypes(schema: GraphQLSchema, type: GraphQLCompositeType): TypeSet {
  const { possible } = typesOf(schema);
  const known = possible.get(type.name) ?? typeSet(isAbstractType(type) ? schema.getPossibleTypes(type) : [type]);
  possible.set(type.name, known);
  return known;
}

/** The interfaces and unions of a schema, in the order of their names. */
export function abstractTypes(schema: GraphQLSchema): readonly GraphQLAbstractType[] {
  return typesOf(schema).abstract;
}

export function isSame(one: TypeSet, other: TypeSet): boolean {
  return one === other || one.key === other.key;
}

export function intersection(one: TypeSet, other: TypeSet): TypeSet {
  if (one === other) return one;
  const [few, many] = one.types.length <= other.types.length ? [one, other] : [other, one];
  const both = few.types.filter(({ name }) => many.names.has(name));
  return both.length === few.types.length ? few : typeSet(both);
}

/** Whether every type of the one is in the other. */
export function isWithin(one: TypeSet, other: TypeSet): boolean {
  return one.types.length <= other.types.length && one.types.every(({ name }) => other.names.has(name));
}

function typesOf(schema: GraphQLSchema): SchemaTypes {
  const known = bySchema.get(schema) ?? {
    possible: new Map<string, TypeSet>(),
    abstract: Object.values(schema.getTypeMap()).filter(isAbstractType).toSorted(byName),
  };
  bySchema.set(schema, known);
  return known;
}

function typeSet(types: readonly GraphQLObjectType[]): TypeSet {
  const sorted = types.toSorted(byName);
  const names = sorted.map(({ name }) => name);
  return { types: sorted, names: new Set(names), key: names.join(' ') };
}

function byName(one: { readonly name: string }, other: { readonly name: string }): number {
  return one.name < other.name ? -1 : 1;
}
