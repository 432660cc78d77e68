import {
  execute,
  getNamedType,
  getNullableType,
  isAbstractType,
  isInterfaceType,
  isListType,
  isObjectType,
  parse,
  type DocumentNode,
  type ExecutionResult,
  type GraphQLFieldResolver,
  type GraphQLOutputType,
  type GraphQLSchema,
} from 'graphql';
import { buildSubgraphSchema } from '../../../subgraphs/server/federation-schema.ts';

// Servers for the schemas of `generated-subgraphs.ts` that answer alike: what a field gives follows from its name and
// the number of the object it belongs to, so that several subgraphs, and one server with all of their fields, agree.

/** An object is its number: even ones are Products, odd ones Users, where it matters. */
interface Numbered {
  readonly __typename: string;
  readonly number: number;
}

/** A server that has all the fields of a schema. */
export function answerAsOne(schema: GraphQLSchema, document: DocumentNode): ExecutionResult {
  return run(schema, document, {});
}

/** A server of a subgraph. */
export function agreeingSubgraph(sdl: string) {
  const typeDefs = parse(sdl);
  const bare = buildSubgraphSchema({ typeDefs });
  const resolvers = Object.values(bare.getTypeMap())
    .filter((type) => isObjectType(type) || isInterfaceType(type))
    .map((type) => [
      type.name,
      { __resolveReference: (reference: Reference) => found(reference, isAbstractType(type)) },
    ]);
  const schema = buildSubgraphSchema({ typeDefs, resolvers: Object.fromEntries(resolvers) });
  return (document: DocumentNode, variables: Record<string, unknown>) => run(schema, document, variables);
}

interface Reference {
  readonly __typename: string;
  readonly id?: string;
  readonly sku?: number;
  readonly name?: number;
  readonly account?: { readonly number: number };
}

function found({ __typename, id, sku, name, account }: Reference, isAbstract: boolean): Numbered {
  const number = Number(id ?? sku ?? name ?? account?.number);
  return { __typename: isAbstract ? typeOf(number) : __typename, number };
}

function run(schema: GraphQLSchema, document: DocumentNode, variableValues: Record<string, unknown>): ExecutionResult {
  const rootValue: Numbered = { __typename: 'Query', number: 0 };
  const typeResolver = (value: unknown) => (value as Numbered).__typename;
  return execute({ schema, document, variableValues, rootValue, fieldResolver, typeResolver }) as ExecutionResult;
}

const fieldResolver: GraphQLFieldResolver<unknown, unknown> = (source, _args, _context, { fieldName, returnType }) =>
  valueOf(source as Numbered, fieldName, getNullableType(returnType), 0);

function valueOf({ number }: Numbered, field: string, type: GraphQLOutputType, index: number): unknown {
  if (isListType(type))
    return [1, 2].map((item) => valueOf({ __typename: '', number }, field, getNullableType(type.ofType), item));
  const { name } = getNamedType(type);
  const own = numberOf(number, field, index);
  switch (name) {
    case 'ID':
      return String(number);
    case 'Int':
      return number;
    case 'Currency':
      return 'EUR';
    case 'Node':
      return { __typename: isObjectType(type) ? name : typeOf(fixed(field, own)), number: fixed(field, own) };
    case 'Product':
    case 'User':
      return { __typename: name, number: ofType(name, own) };
    case 'Money':
      return { __typename: name, number: own };
    case 'Account':
      return { __typename: name, number };
    default:
      return `${field} ${index} of ${number}`;
  }
}

/** Some subgraphs give these fields the type of one entity. */
function fixed(field: string, number: number): number {
  if (field === 'nodes') return ofType('Product', number);
  return field === 'first' ? ofType('User', number) : number;
}

function numberOf(parent: number, field: string, index: number): number {
  const letters = Array.from(field).reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), parent * 7 + index);
  return (letters % 997) + 2;
}

function typeOf(number: number): string {
  return number % 2 === 0 ? 'Product' : 'User';
}

function ofType(type: string, number: number): number {
  return typeOf(number) === type ? number : number + 1;
}
