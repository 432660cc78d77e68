import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  isRequiredArgument,
  TypeNameMetaFieldDef,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
} from 'graphql';

export type OutputField = GraphQLField<unknown, unknown>;

/** How a field can be asked of a type. */
export interface Place {
  readonly field: OutputField;
  /** The type of object that has it, where the type itself does not. */
  readonly on: GraphQLObjectType | undefined;
}

const MOST_STEPS = 10;
const MOST_PLACES = 500;

/** None: neither the type has such a field, nor any that its objects may be of. */
export function placesOf(schema: GraphQLSchema, type: GraphQLCompositeType, name: string): readonly Place[] {
  const own = fieldOf(type, name);
  if (own) return [{ field: own, on: undefined }];
  if (!isAbstractType(type)) return [];
  return schema.getPossibleTypes(type).flatMap((on) => {
    const field = fieldOf(on, name);
    return field ? [{ field, on }] : [];
  });
}

function fieldOf(type: GraphQLCompositeType, name: string): OutputField | undefined {
  if (name === TypeNameMetaFieldDef.name) return TypeNameMetaFieldDef;
  return 'getFields' in type ? type.getFields()[name] : undefined;
}

/** Why a path from the value of a field does not lead to a leaf. */
export function pathProblem(schema: GraphQLSchema, from: OutputField, path: readonly string[]): string | undefined {
  const text = `"${path.join('.')}"`;
  if (path.length > MOST_STEPS) return `${text} is longer than ${MOST_STEPS} fields`;
  let types = typesOf([{ field: from, times: 1 }]);
  let asked = 0;
  for (const name of path) {
    const places = [...types].flatMap(([type, times]) =>
      placesOf(schema, type, name).map(({ field, on }) => ({ field, owner: on ?? type, times })),
    );
    if (places.length === 0) {
      const owners = [...types.keys()].map((type) => `"${type.name}"`);
      return `${text}: ${owners.length > 0 ? owners.join(', ') : 'a leaf'} has no field "${name}"`;
    }
    const closed = places.find(({ field }) => field.args.some(isRequiredArgument));
    if (closed) return `${text}: "${closed.owner.name}.${name}" cannot be asked for without arguments`;
    types = typesOf(places);
    asked += places.reduce((sum, { times }) => sum + times, 0);
    if (asked > MOST_PLACES) return `${text} leads through more than ${MOST_PLACES} fields of different types`;
  }
  const [object] = types.keys();
  return object && `${text} leads to an object of type "${object.name}", not to a scalar or an enum value`;
}

interface AskedField {
  readonly field: OutputField;
  readonly times: number;
}

/** The types of the objects that the fields give, and how often each is then asked for the next field. */
function typesOf(fields: readonly AskedField[]): ReadonlyMap<GraphQLCompositeType, number> {
  const types = new Map<GraphQLCompositeType, number>();
  for (const { field, times } of fields) {
    const type = getNamedType(field.type);
    if (isCompositeType(type)) types.set(type, (types.get(type) ?? 0) + times);
  }
  return types;
}
