import {
  isAbstractType,
  isInterfaceType,
  isObjectType,
  type ConstDirectiveNode,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLNamedType,
  type GraphQLSchema,
} from 'graphql';

/** What a schema says with `@sensitive`. */
export interface SensitiveSchema {
  /** Coordinates of the sensitive fields that are read with a field: of its type, and of those that are related to it. */
  fieldsReadBy(typeName: string, fieldName: string): readonly string[];
  /** Of a field as selected on a type. */
  isArgument(typeName: string, fieldName: string, argumentName: string): boolean;
  isInputField(field: GraphQLInputField): boolean;
}

const DIRECTIVE = /(?:^|__)sensitive$/;

interface Directed {
  readonly astNode?: { readonly directives?: readonly ConstDirectiveNode[] | undefined } | null | undefined;
}

/** What is asked of an interface is asked of the types that implement it, and the other way round. */
export function sensitiveSchema(schema: GraphQLSchema): SensitiveSchema {
  function fieldsOf(
    typeName: string,
    fieldName: string,
  ): readonly (readonly [string, GraphQLField<unknown, unknown>])[] {
    return relatedTypes(schema, schema.getType(typeName)).flatMap((type) => {
      const field = isObjectType(type) || isInterfaceType(type) ? type.getFields()[fieldName] : undefined;
      return field ? [[`${type.name}.${fieldName}`, field] as const] : [];
    });
  }

  return {
    fieldsReadBy: (typeName, fieldName) =>
      fieldsOf(typeName, fieldName).flatMap(([coordinate, field]) => (isMarked(field) ? [coordinate] : [])),
    // What is given to a sensitive field is no less sensitive.
    isArgument: (typeName, fieldName, argumentName) =>
      fieldsOf(typeName, fieldName).some(([, field]) => isMarked(field) || isMarked(argumentOf(field, argumentName))),
    isInputField: isMarked,
  };
}

function relatedTypes(schema: GraphQLSchema, type: GraphQLNamedType | undefined): readonly GraphQLNamedType[] {
  if (!type) return [];
  const objects = isAbstractType(type) ? schema.getPossibleTypes(type) : [];
  const all = [type, ...objects];
  const interfaces = all.flatMap((one) => (isObjectType(one) || isInterfaceType(one) ? one.getInterfaces() : []));
  return [...new Set([...all, ...interfaces])];
}

function argumentOf(field: GraphQLField<unknown, unknown>, name: string): GraphQLArgument | undefined {
  return field.args.find((argument) => argument.name === name);
}

function isMarked(definition: Directed | undefined): boolean {
  return definition?.astNode?.directives?.some(({ name }) => DIRECTIVE.test(name.value)) ?? false;
}
