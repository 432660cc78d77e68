import {
  getNamedType,
  isInputObjectType,
  isEnumType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
  isUnionType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLSchema,
} from 'graphql';

/**
 * One query for each root field, that selects all there is under it, on each type that it may be, `depth` objects deep.
 * Every field has an alias of its own, so that none conflicts with another.
 */
export function wholeQueries(
  schema: GraphQLSchema,
  depth: number,
  skip: (type: GraphQLNamedType) => boolean = () => false,
): string[] {
  let aliases = 0;

  function selectionOf(type: GraphQLNamedType, left: number): string {
    const parts = isObjectType(type) || isInterfaceType(type) ? fieldsOf(type, left) : [];
    const possible = isInterfaceType(type) || isUnionType(type) ? schema.getPossibleTypes(type) : [];
    const fragments = possible.map((one) => `... on ${one.name} ${selectionOf(one, left)}`);
    return `{ ${['__typename', ...parts, ...fragments].join(' ')} }`;
  }

  function fieldsOf(type: GraphQLNamedType, left: number): string[] {
    const fields = isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()) : [];
    return fields.flatMap((field) => {
      const fieldType = getNamedType(field.type);
      const isComposite = isObjectType(fieldType) || isInterfaceType(fieldType) || isUnionType(fieldType);
      if (skip(fieldType) || (isComposite && left === 0)) return [];
      const selection = isComposite ? ` ${selectionOf(fieldType, left - 1)}` : '';
      return [`f${aliases++}: ${field.name}${argumentsOf(field)}${selection}`];
    });
  }

  const query = schema.getQueryType();
  return query ? fieldsOf(query, depth).map((field) => `{ ${field} }`) : [];
}

function argumentsOf({ args }: GraphQLField<unknown, unknown>): string {
  const required = args.filter(isRequiredArgument).map(({ name, type }) => `${name}: ${literalOf(type)}`);
  return required.length === 0 ? '' : `(${required.join(', ')})`;
}

function literalOf(type: GraphQLInputType): string {
  if (isNonNullType(type)) return literalOf(type.ofType);
  if (isListType(type)) return `[${literalOf(type.ofType)}]`;
  if (isEnumType(type)) return type.getValues()[0]?.name ?? 'null';
  if (isInputObjectType(type)) {
    const required = Object.values(type.getFields()).filter(isRequiredInputField);
    return `{ ${required.map((field) => `${field.name}: ${literalOf(field.type)}`).join(', ')} }`;
  }
  return type.name === 'Int' ? '1' : type.name === 'Boolean' ? 'true' : '"x"';
}
