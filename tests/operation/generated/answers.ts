import {
  execute,
  getNamedType,
  getNullableType,
  isAbstractType,
  isEnumType,
  isLeafType,
  isListType,
  isNonNullType,
  parse,
  type DocumentNode,
  type ExecutionResult,
  type FieldNode,
  type GraphQLOutputType,
  type GraphQLSchema,
} from 'graphql';

/** An object, of which no more is known than where it comes from: that decides all of its fields. */
interface Known {
  readonly __typename: string;
  readonly origin: string;
}

export interface ResolvedField {
  /** The object's type. */
  readonly type: string;
  readonly name: string;
  readonly nodes: readonly FieldNode[];
}

/**
 * What graphql-js answers, where a field's value hangs on nothing but its object, its name and its arguments: other
 * arguments, another value. As text, so that the order of keys is compared too.
 */
export function answer(
  schema: GraphQLSchema,
  document: DocumentNode | string,
  variables: Readonly<Record<string, unknown>>,
  operationName?: string,
): string {
  return resolve(schema, typeof document === 'string' ? parse(document) : document, variables, operationName).answered;
}

/** The fields that graphql-js resolves for that answer; introspection's are not among them. */
export function resolvedFields(
  schema: GraphQLSchema,
  document: DocumentNode,
  variables: Readonly<Record<string, unknown>>,
  operationName?: string,
): readonly ResolvedField[] {
  return resolve(schema, document, variables, operationName).fields;
}

function resolve(
  schema: GraphQLSchema,
  document: DocumentNode,
  variableValues: Readonly<Record<string, unknown>>,
  operationName: string | undefined,
) {
  const fields: ResolvedField[] = [];
  const result = execute({
    schema,
    document,
    variableValues,
    operationName: operationName ?? null,
    rootValue: { __typename: 'root', origin: '' } satisfies Known,
    fieldResolver: (source: Known, args, _context, { fieldName, fieldNodes, returnType, parentType }) => {
      fields.push({ type: parentType.name, name: fieldName, nodes: fieldNodes });
      const field = `${parentType.name}.${fieldName}(${JSON.stringify(sorted(args))})`;
      return valueOf(schema, returnType, `${source.origin}/${field}`);
    },
    typeResolver: (value: Known) => value.__typename,
  }) as ExecutionResult;
  if (result.errors) throw new Error(result.errors.map(({ message }) => message).join('; '));
  return { answered: JSON.stringify(result.data), fields };
}

function valueOf(schema: GraphQLSchema, given: GraphQLOutputType, origin: string): unknown {
  const chance = hashOf(origin);
  if (chance % 20 === 0 && !isNonNullType(given)) return null;
  const type = getNullableType(given);
  if (isListType(type)) {
    return Array.from({ length: chance % 3 }, (_, index) => valueOf(schema, type.ofType, `${origin}[${index}]`));
  }
  if (isEnumType(type)) return type.getValues()[chance % type.getValues().length]?.name;
  if (isLeafType(type)) {
    return { Int: chance, Float: chance / 7, Boolean: chance % 2 === 0 }[type.name] ?? `${type.name} ${chance}`;
  }
  const named = getNamedType(type);
  const possible = isAbstractType(named) ? schema.getPossibleTypes(named) : [named];
  return { __typename: possible[chance % possible.length]?.name, origin: `${chance}` };
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

/** The FNV-1a hash, of 31 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return (hash ^ (hash >>> 15)) & 0x7fffffff;
}
