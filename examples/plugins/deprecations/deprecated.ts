import { isInterfaceType, isObjectType, type GraphQLSchema } from 'graphql';

/** Coordinates of what is `@deprecated`, `Type.field` and `Type.field(argument:)`, with the reasons. */
export type Deprecated = ReadonlyMap<string, string>;

export function deprecatedIn(schema: GraphQLSchema): Deprecated {
  const deprecated = new Map<string, string>();
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) && !isInterfaceType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const coordinate = `${type.name}.${field.name}`;
      if (field.deprecationReason != null) deprecated.set(coordinate, field.deprecationReason);
      for (const { name, deprecationReason } of field.args) {
        if (deprecationReason != null) deprecated.set(`${coordinate}(${name}:)`, deprecationReason);
      }
    }
  }
  return deprecated;
}

/** Those that an operation names, by the fields that it touches and their arguments. */
export function* usedOf(deprecated: Deprecated, fields: ReadonlyMap<string, ReadonlySet<string>>): Generator<string> {
  for (const [coordinate, args] of fields) {
    if (deprecated.has(coordinate)) yield coordinate;
    for (const name of args) {
      const argument = `${coordinate}(${name}:)`;
      if (deprecated.has(argument)) yield argument;
    }
  }
}
