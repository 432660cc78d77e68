import {
  buildSchema,
  execute,
  getNamedType,
  getNullableType,
  isAbstractType,
  isLeafType,
  isListType,
  isObjectType,
  parse,
  print,
  type DocumentNode,
  type ExecutionResult,
  type GraphQLFieldResolver,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
} from 'graphql';
import { buildSubgraphSchema } from '../../../subgraphs/server/federation-schema.ts';
import { planningEngine } from '../../../plugins/execution/index.ts';
import { useAuthorization, type AuthorizationOptions } from '../../../plugins/authorization/index.ts';
import type { Principal } from '../../../plugins/request-context.ts';
import { composed, toSubgraphs } from '../../composition/cases/in-process.ts';

const LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", ' +
  '"@interfaceObject", "@authenticated", "@requiresScopes", "@policy"])\n';

/** Every directive in every place where composition takes it, and each way to come to it. Names of guarded fields are unique. */
export const SDLS = {
  people: `${LINK}
    type Query {
      me: User! users: [User!]! node: Node nodes: [Node!]! found: [Found] vault: Vault colour: Colour stamp: Stamp
      open: Int rooms: [[Room!]!] even(n: Int): Int @policy(policies: [["even"]]) safes: [Safe!]! media: [Media!]! diary: Diary! diaries: [[Diary]]
    }
    interface Node { id: ID! }
    type User implements Node @key(fields: "id") {
      id: ID! name: String email: String @authenticated friends: [User!]! @requiresScopes(scopes: [["friends"], ["admin", "all"]])
      best: User! level: Int! @requiresScopes(scopes: [["levels"]]) tint: Colour room: Room owned: [Vault!]
    }
    type Vault implements Node @key(fields: "id") @requiresScopes(scopes: [["vault"]]) { id: ID! gold: Int owner: User }
    type Diary implements Node @key(fields: "id") @policy(policies: [["diary"]]) { id: ID! page: Int lock: Stamp keeper: User }
    type Note { text: String author: User hidden: Int @policy(policies: [["notes"], ["audit", "even"]]) }
    type Room { number: Int! seal: Stamp }
    type Safe @key(fields: "code") { code: ID! @authenticated tag: String }
    union Found = User | Vault | Note | Diary
    scalar Stamp @authenticated
    enum Colour @requiresScopes(scopes: [["colours"]]) { RED }
    interface Media @key(fields: "id") { id: ID! title: String }
    type Book implements Media @key(fields: "id") { id: ID! title: String pages: Int @authenticated }
    type Film implements Media @key(fields: "id") { id: ID! title: String @requiresScopes(scopes: [["films"]]) minutes: Int }
  `,
  work: `${LINK}
    type User @key(fields: "id") { id: ID! salary: Int @policy(policies: [["payroll"]]) boss: User score: Float @requiresScopes(scopes: [["scores"]]) @authenticated }
    type Safe @key(fields: "code") { code: ID! weight: Int }
    type Diary @key(fields: "id") { id: ID! secrets: Int @policy(policies: [["secrets"]]) }
    type Media @key(fields: "id") @interfaceObject { id: ID! rating: Int }
  `,
};

/** An object is its type and a number, from which all of its fields follow. */
export interface Numbered {
  readonly __typename: string;
  readonly number: number;
}

export interface Answer {
  readonly data: unknown;
  readonly errors: readonly { readonly path?: readonly (string | number)[]; readonly extensions?: { code?: string } }[];
  /** What subgraphs were asked for. */
  readonly sent: readonly string[];
}

export interface SpoiltAnswer {
  data?: Record<string, unknown> | null;
  errors?: { message: string; path?: (string | number)[] }[];
}

export interface GuardedFederation extends Disposable {
  readonly supergraphSdl: string;
  readonly publicSchema: GraphQLSchema;
  ask(
    document: DocumentNode,
    variables: Record<string, unknown>,
    principal: Principal,
    operationName?: string,
  ): Promise<Answer>;
}

/**
 * The engine with the plugin before it, over subgraphs in this process.
 *
 * @param spoil changes what a subgraph answers, in place
 */
export async function guardedFederation(
  options: AuthorizationOptions,
  spoil: (answer: SpoiltAnswer, subgraph: string) => void = () => {},
): Promise<GuardedFederation> {
  const subgraphs = toSubgraphs({ people: { sdl: SDLS.people }, work: { sdl: SDLS.work } });
  const { supergraphSdl, publicSdl } = composed(subgraphs);
  const publicSchema = buildSchema(publicSdl);
  const schemas = new Map(Object.entries(SDLS).map(([name, sdl]) => [name, subgraphSchema(sdl, publicSchema)]));
  const sent: string[] = [];
  const engine = await planningEngine({
    unifiedGraph: buildSchema(supergraphSdl, { assumeValid: true, assumeValidSDL: true }),
    getUnifiedGraphSDL: () => supergraphSdl,
    async onSubgraphExecute(name, { document, variables = {} }) {
      sent.push(print(document));
      const answer = await run(schemas.get(name) as GraphQLSchema, document, variables, valueField);
      const spoilt = JSON.parse(JSON.stringify(answer)) as SpoiltAnswer;
      spoil(spoilt, name);
      return spoilt as never;
    },
  });
  const plugin = useAuthorization(options);

  return {
    supergraphSdl,
    publicSchema,
    async ask(document, variables, principal, operationName) {
      sent.length = 0;
      let result: ExecutionResult | undefined;
      const contextValue = { principal };
      const args = { schema: engine.unifiedGraph, document, operationName, variableValues: variables, contextValue };
      const hook = plugin.onExecute as unknown as (payload: object) => Promise<void> | undefined;
      await hook({ args, setResultAndStopExecution: (early: ExecutionResult) => (result = early) });
      result ??= (await engine.executor?.({
        document,
        variables,
        context: contextValue,
        ...(operationName !== undefined && { operationName }),
      })) as ExecutionResult;
      return { ...(JSON.parse(JSON.stringify({ data: null, errors: [], ...result })) as Answer), sent: [...sent] };
    },
    [Symbol.dispose]: () => (engine.executor as unknown as Partial<Disposable>)[Symbol.dispose]?.(),
  };
}

/**
 * One server that has all fields; `refuses` says which of them throw, `hides` which objects cannot be had in whatever
 * field or list.
 */
export function answerAsOne(
  schema: GraphQLSchema,
  document: DocumentNode,
  variables: Record<string, unknown>,
  refuses: (info: GraphQLResolveInfo, source: Numbered) => boolean,
  hides: (object: Numbered, info: GraphQLResolveInfo) => boolean = () => false,
): ExecutionResult {
  const shown = (value: unknown, info: GraphQLResolveInfo): unknown => {
    if (Array.isArray(value)) return value.map((item) => shown(item, info));
    return isNumbered(value) && hides(value, info) ? new Error('hidden') : value;
  };
  return run(schema, document, variables, (source, args, context, info) => {
    if (refuses(info, source as Numbered)) throw new Error('refused');
    return shown(valueField(source, args, context, info), info);
  }) as ExecutionResult;
}

/** The value of a field of an object. */
export function valueAt(schema: GraphQLSchema, source: Numbered, field: string): unknown {
  const type = schema.getType(source.__typename);
  const definition = isObjectType(type) ? type.getFields()[field] : undefined;
  return definition && valueOf(schema, source, field, definition.type, 0);
}

function isNumbered(value: unknown): value is Numbered {
  return typeof value === 'object' && value !== null && '__typename' in value;
}

function subgraphSchema(sdl: string, publicSchema: GraphQLSchema): GraphQLSchema {
  const typeDefs = parse(sdl);
  const isWhole = sdl.includes('interface Media');
  const declared = ['User', 'Vault', 'Safe', 'Diary', 'Media', 'Book', 'Film'].filter((name) =>
    new RegExp(`(type|interface) ${name}\\b`).test(sdl),
  );
  const entities = declared.map((name) => {
    const isAbstract = isWhole && isAbstractType(publicSchema.getType(name));
    const __resolveReference = ({ id, code }: { id?: string; code?: string }): Numbered => {
      const number = Number(id ?? code);
      return { __typename: isAbstract ? memberOf(publicSchema, name, number) : name, number };
    };
    return [name, { __resolveReference }] as const;
  });
  return buildSubgraphSchema({ typeDefs, resolvers: Object.fromEntries(entities) });
}

function run(
  schema: GraphQLSchema,
  document: DocumentNode,
  variableValues: Record<string, unknown>,
  fieldResolver: GraphQLFieldResolver<unknown, unknown>,
): ExecutionResult | Promise<ExecutionResult> {
  const rootValue: Numbered = { __typename: 'Query', number: 0 };
  const typeResolver = (value: unknown) => (value as Numbered).__typename;
  return execute({ schema, document, variableValues, rootValue, fieldResolver, typeResolver });
}

const valueField: GraphQLFieldResolver<unknown, unknown> = (
  source,
  _args,
  _context,
  { fieldName, returnType, schema },
) => valueOf(schema, source as Numbered, fieldName, returnType, 0);

function valueOf(
  schema: GraphQLSchema,
  parent: Numbered,
  field: string,
  type: GraphQLOutputType,
  index: number,
): unknown {
  const nullable = getNullableType(type);
  if (isListType(nullable))
    return [1, 2, 3].map((item) => valueOf(schema, parent, field, nullable.ofType, index * 3 + item));
  const named = getNamedType(nullable);
  const number = numberOf(parent.number, field, index);
  if (named.name === 'ID') return String(parent.number);
  if (isLeafType(named))
    return named.name === 'Colour'
      ? 'RED'
      : named.name === 'String' || named.name === 'Stamp'
        ? `${field} of ${parent.number}`
        : parent.number;
  // Now and then there is nothing.
  if (nullable === type && number % 7 === 0) return null;
  return { __typename: isObjectType(named) ? named.name : memberOf(schema, named.name, number), number };
}

function memberOf(schema: GraphQLSchema, abstract: string, number: number): string {
  const type = schema.getType(abstract);
  const members = isAbstractType(type)
    ? schema
        .getPossibleTypes(type)
        .map(({ name }) => name)
        .toSorted()
    : [];
  return members[number % members.length] ?? abstract;
}

function numberOf(parent: number, field: string, index: number): number {
  return (Array.from(field).reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), parent * 7 + index) % 97) + 2;
}
