import {
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedDirective,
  isSpecifiedScalarType,
  type GraphQLSchema,
} from 'graphql';

/** All names that a schema has, but for those that every schema has. */
export function schemaNames(schema: GraphQLSchema | undefined): ReadonlySet<string> {
  const names = new Set<string>();
  for (const type of Object.values(schema?.getTypeMap() ?? {})) {
    if (isIntrospectionType(type) || isSpecifiedScalarType(type)) continue;
    names.add(type.name);
    if (isEnumType(type)) for (const { name } of type.getValues()) names.add(name);
    if (isInputObjectType(type)) for (const name of Object.keys(type.getFields())) names.add(name);
    if (!isObjectType(type) && !isInterfaceType(type)) continue;
    for (const { name, args } of Object.values(type.getFields())) {
      names.add(name);
      for (const arg of args) names.add(arg.name);
    }
  }
  for (const directive of schema?.getDirectives() ?? []) {
    if (isSpecifiedDirective(directive)) continue;
    names.add(directive.name);
    for (const { name } of directive.args) names.add(name);
  }
  return names;
}
