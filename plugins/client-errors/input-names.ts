import { isInputObjectType, isInputType, type GraphQLSchema } from 'graphql';

/** Of what values may be of: input types and their fields. */
export function inputNames(schema: GraphQLSchema | undefined): ReadonlySet<string> {
  const names = new Set<string>();
  for (const type of Object.values(schema?.getTypeMap() ?? {})) {
    if (!isInputType(type)) continue;
    names.add(type.name);
    if (isInputObjectType(type)) for (const field of Object.keys(type.getFields())) names.add(field);
  }
  return names;
}
