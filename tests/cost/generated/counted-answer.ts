import {
  execute,
  getDirectiveValues,
  getNamedType,
  getNullableType,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  OperationTypeNode,
  valueFromASTUntyped,
  type DirectiveNode,
  type ExecutionResult,
  type GraphQLInputField,
  type GraphQLArgument,
  type GraphQLOutputType,
  type GraphQLSchema,
} from 'graphql';
import { randomOf, type Random } from '../../operation/generated/random.ts';
import { operationIn, type Request } from '../../operation/generated/request.ts';

export const DEFAULT_LIST_SIZE = 2;

/** An object, and how many items lists in it have at most, where the field that gave it says so. */
interface Known {
  readonly __typename: string;
  readonly sized: ReadonlyMap<string, number>;
}

export interface CountedAnswer {
  readonly data: Readonly<Record<string, unknown>>;
  /** What was resolved for it, counted where it is resolved. */
  readonly cost: number;
}

/**
 * Executes a request by graphql-js, on data that keeps to the sizes of lists. `isFull`: all lists are as long as they may
 * be, and nothing is null.
 */
export function countedAnswer(schema: GraphQLSchema, request: Request, seed: number, isFull: boolean): CountedAnswer {
  const random = randomOf(seed);
  const operation = operationIn(request.document);
  const given: Record<string, unknown> = { ...request.variables };
  for (const { variable, defaultValue } of operation.variableDefinitions ?? []) {
    const name = variable.name.value;
    if (defaultValue && !Object.hasOwn(given, name)) given[name] = valueFromASTUntyped(defaultValue);
  }
  let cost = operation.operation === OperationTypeNode.MUTATION ? 10 : 0;
  const result = execute({
    schema,
    document: request.document,
    variableValues: request.variables,
    rootValue: { __typename: 'root', sized: new Map() } satisfies Known,
    fieldResolver: (source: Known, args, _context, { fieldName, fieldNodes, returnType, parentType }) => {
      const field = parentType.getFields()[fieldName];
      if (!field) throw new Error(`no field ${fieldName}`);
      const weights = (fieldNodes[0]?.arguments ?? []).map(({ name, value }) => {
        const argument = field.args.find((one) => one.name === name.value);
        return argument ? inputCost(schema, argument, valueFromASTUntyped(value, given)) : 0;
      });
      cost += Math.max(
        0,
        weights.reduce((sum, weight) => sum + weight, weightOf(schema, field) ?? 0),
      );
      const said = listSizeOf(schema, field);
      const expected = said && sizeFor(said, args as Record<string, unknown>);
      const own = said?.sizedFields?.length ? DEFAULT_LIST_SIZE : (expected ?? DEFAULT_LIST_SIZE);
      const sized = new Map((said?.sizedFields ?? []).map((name) => [name, expected ?? DEFAULT_LIST_SIZE]));
      const { value, weight } = valueOf(schema, returnType, source.sized.get(fieldName) ?? own, sized, random, isFull);
      cost += weight;
      return value;
    },
    typeResolver: (value: Known) => value.__typename,
  }) as ExecutionResult;
  if (result.errors) throw new Error(result.errors.map(({ message }) => message).join('; '));
  return { data: result.data ?? {}, cost };
}

function valueOf(
  schema: GraphQLSchema,
  given: GraphQLOutputType,
  size: number,
  sized: ReadonlyMap<string, number>,
  random: Random,
  isFull: boolean,
): { readonly value: unknown; readonly weight: number } {
  if (!isFull && !isNonNullType(given) && random.chance(0.1)) return { value: null, weight: 0 };
  const type = getNullableType(given);
  if (isListType(type)) {
    const length = isFull || random.chance(0.5) ? size : random.int(size + 1);
    const items = Array.from({ length }, () => valueOf(schema, type.ofType, DEFAULT_LIST_SIZE, sized, random, isFull));
    return { value: items.map(({ value }) => value), weight: items.reduce((sum, { weight }) => sum + weight, 0) };
  }
  const named = getNamedType(type);
  if (isLeafType(named)) {
    const value = isEnumType(named) ? 'RED' : named.name === 'Any' ? [1, [2]] : 1;
    return { value, weight: Math.max(0, weightOf(schema, named) ?? 0) };
  }
  const object = isAbstractType(named) ? random.pickAny(schema.getPossibleTypes(named)) : named;
  const weight = Math.max(0, (object && weightOf(schema, object)) ?? 1);
  return { value: { __typename: object?.name ?? '', sized } satisfies Known, weight };
}

function inputCost(schema: GraphQLSchema, input: GraphQLArgument | GraphQLInputField, value: unknown): number {
  const type = getNamedType(input.type);
  const weight = weightOf(schema, input);
  if (value === null || value === undefined) return 0;
  if (!isInputObjectType(type)) return weight ?? 0;
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + inputCost(schema, input, item), 0);
  const fields = Object.entries(value).map(([name, own]) => {
    const field = type.getFields()[name];
    return field ? inputCost(schema, field, own) : 0;
  });
  return fields.reduce((sum, one) => sum + one, weight ?? 1);
}

interface Directed {
  readonly astNode?: { readonly directives?: readonly DirectiveNode[] | undefined } | null | undefined;
}

function weightOf(schema: GraphQLSchema, { astNode }: Directed): number | undefined {
  const values = astNode && valuesOf(schema, 'cost', astNode);
  return values ? Number(values.weight) : undefined;
}

interface ListSizeValues {
  readonly assumedSize?: number;
  readonly slicingArguments?: readonly string[];
  readonly sizedFields?: readonly string[];
}

function listSizeOf(schema: GraphQLSchema, { astNode }: Directed): ListSizeValues | undefined {
  return astNode ? valuesOf(schema, 'listSize', astNode) : undefined;
}

function valuesOf(
  schema: GraphQLSchema,
  name: string,
  astNode: NonNullable<Directed['astNode']>,
): Record<string, unknown> | undefined {
  const directive = schema.getDirective(name);
  return directive ? getDirectiveValues(directive, { directives: astNode.directives ?? [] }) : undefined;
}

/** By arguments as graphql-js coerces them. */
function sizeFor({ slicingArguments = [], assumedSize }: ListSizeValues, args: Record<string, unknown>): number {
  const sizes = slicingArguments.flatMap((path) => {
    const value = path.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown> | null)?.[name], args);
    if (Array.isArray(value)) return [value.length];
    return typeof value === 'number' ? [Math.max(0, value)] : [];
  });
  return sizes.length > 0 ? Math.max(...sizes) : (assumedSize ?? DEFAULT_LIST_SIZE);
}

/** Whether no object of the operation can be of several types. */
export function isConcrete(schema: GraphQLSchema, types: Iterable<string>): boolean {
  return [...types].every((name) => {
    const type = schema.getType(name);
    return isLeafType(type) || isObjectType(type);
  });
}
