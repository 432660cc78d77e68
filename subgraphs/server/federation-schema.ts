import {
  buildASTSchema,
  concatAST,
  defaultFieldResolver,
  defaultTypeResolver,
  isAbstractType,
  isInterfaceType,
  isObjectType,
  Kind,
  OperationTypeNode,
  parse,
  print,
  type ConstDirectiveNode,
  type ConstValueNode,
  type DefinitionNode,
  type DocumentNode,
  type GraphQLFieldResolver,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  type GraphQLTypeResolver,
  type ObjectTypeDefinitionNode,
  type ObjectTypeExtensionNode,
  type TypeExtensionNode,
} from 'graphql';

type Resolve = (source: never, args: never, context: never, info: GraphQLResolveInfo) => unknown;

/** Of a field; of a subscription's, `subscribe` gives the events and `resolve` what a client gets of each. */
type FieldResolver = Resolve | { readonly subscribe: Resolve; readonly resolve?: Resolve };

/**
 * Resolvers by type and field. Beside fields, a type may have `__resolveReference(representation, context, info)`, which
 * finds the entity of a representation (without it, the representation is the entity), and an interface or union
 * `__resolveType`. What the schema does not have is passed over.
 */
export type Resolvers = Readonly<Record<string, Readonly<Record<string, FieldResolver>>>>;

export interface SubgraphDefinition {
  readonly typeDefs: DocumentNode;
  readonly resolvers?: Resolvers;
}

type ResolveReference = (representation: unknown, context: unknown, info: GraphQLResolveInfo) => unknown;
type Representation = Readonly<Record<string, unknown>>;

const FEDERATION = /^https:\/\/specs\.apollo\.dev\/federation\/v2\./;

const SERVICE = `
  scalar _Any
  type _Service { sdl: String }
`;

/**
 * The executable schema of a subgraph: its own, with `_service` and, when it has entities, `_entities` (Apollo Federation,
 * "Subgraph specification"). `_service.sdl` is the document as it was given. Directives are not checked; composition does.
 *
 * Throws what graphql-js throws for a type that is not there.
 */
export function buildSubgraphSchema({ typeDefs, resolvers = {} }: SubgraphDefinition): GraphQLSchema {
  const query = queryType(typeDefs);
  const entities = entityTypes(typeDefs);
  const lookUp = entities.length > 0 ? '_entities(representations: [_Any!]!): [_Entity]!' : '';
  const union = entities.length > 0 ? `union _Entity = ${entities.join(' | ')}` : '';
  const added = parse(`${SERVICE} ${union} extend type ${query} { _service: _Service! ${lookUp} }`);
  const schema = buildASTSchema(withDefinitions(concatAST([typeDefs, added])), { assumeValidSDL: true });

  const sdl = print(typeDefs);
  const references = addResolvers(schema, resolvers);
  addResolvers(schema, {
    [query]: {
      _service: () => ({ sdl }),
      _entities: (_: unknown, { representations }: { representations: Representation[] }, context: unknown, info) =>
        representations.map((one) => entityOf(one, references, context, info)),
    },
  });
  return schema;
}

/** Gives, by type, how references to it are resolved. */
function addResolvers(schema: GraphQLSchema, resolvers: Resolvers): ReadonlyMap<string, ResolveReference> {
  const references = new Map<string, ResolveReference>();
  for (const [name, { __resolveReference, __resolveType, ...fields }] of Object.entries(resolvers)) {
    const type = schema.getType(name);
    if (typeof __resolveReference === 'function') references.set(name, __resolveReference as ResolveReference);
    if (isAbstractType(type) && typeof __resolveType === 'function') {
      type.resolveType = __resolveType as unknown as GraphQLTypeResolver<unknown, unknown>;
    }
    if (!isObjectType(type)) continue;
    for (const [fieldName, given] of Object.entries(fields)) {
      const field = type.getFields()[fieldName];
      if (!field) continue;
      const { resolve = defaultFieldResolver, subscribe } =
        typeof given === 'function' ? { resolve: given, subscribe: undefined } : given;
      field.resolve = resolve as GraphQLFieldResolver<unknown, unknown>;
      if (subscribe) field.subscribe = subscribe as GraphQLFieldResolver<unknown, unknown>;
    }
  }
  return references;
}

/** Null where there is none. */
async function entityOf(
  representation: Representation,
  references: ReadonlyMap<string, ResolveReference>,
  context: unknown,
  info: GraphQLResolveInfo,
): Promise<unknown> {
  const name = String(representation['__typename']);
  const type = info.schema.getType(name);
  if (!isObjectType(type) && !isInterfaceType(type)) throw new Error(`_entities: there is no type ${name}`);
  const resolveReference = references.get(name);
  const entity = await (resolveReference ? resolveReference(representation, context, info) : representation);
  if (typeof entity !== 'object' || entity === null) return null;
  const resolveType = isInterfaceType(type) ? (type.resolveType ?? defaultTypeResolver) : () => name;
  const __typename = await resolveType(entity, context, info, type as never);
  return (entity as Representation)['__typename'] === __typename ? entity : { ...entity, __typename };
}

function queryType({ definitions }: DocumentNode): string {
  for (const definition of definitions) {
    if (definition.kind !== Kind.SCHEMA_DEFINITION && definition.kind !== Kind.SCHEMA_EXTENSION) continue;
    const root = definition.operationTypes?.find(({ operation }) => operation === OperationTypeNode.QUERY);
    if (root) return root.type.name.value;
  }
  return 'Query';
}

/** Types that others may refer to: with a `@key` that is not `resolvable: false`. */
function entityTypes(typeDefs: DocumentNode): string[] {
  const key = keyName(typeDefs);
  const isKey = ({ name, arguments: given = [] }: ConstDirectiveNode): boolean =>
    name.value === key && !given.some((one) => one.name.value === 'resolvable' && isFalse(one.value));
  const names = typeDefs.definitions
    .filter((one): one is ObjectTypeDefinitionNode | ObjectTypeExtensionNode => isObject(one))
    .filter(({ directives = [] }) => directives.some(isKey))
    .map(({ name }) => name.value);
  return [...new Set(names)];
}

function isObject({ kind }: DefinitionNode): boolean {
  return kind === Kind.OBJECT_TYPE_DEFINITION || kind === Kind.OBJECT_TYPE_EXTENSION;
}

function isFalse(value: ConstValueNode): boolean {
  return value.kind === Kind.BOOLEAN && !value.value;
}

/** As the subgraph calls it (`@link`, "import" and "as"); federation 1 has no `@link`. */
function keyName({ definitions }: DocumentNode): string {
  const links = definitions
    .filter((one) => one.kind === Kind.SCHEMA_DEFINITION || one.kind === Kind.SCHEMA_EXTENSION)
    .flatMap(({ directives = [] }) => directives.filter(({ name }) => name.value === 'link'));
  for (const { arguments: given = [] } of links) {
    const value = (name: string) => given.find((one) => one.name.value === name)?.value;
    const [url, as, imports] = [value('url'), value('as'), value('import')];
    if (url?.kind !== Kind.STRING || !FEDERATION.test(url.value)) continue;
    for (const one of imports?.kind === Kind.LIST ? imports.values : []) {
      if (one.kind === Kind.STRING && one.value === '@key') return 'key';
      if (one.kind !== Kind.OBJECT) continue;
      const text = (name: string): string | undefined => {
        const found = one.fields.find((field) => field.name.value === name)?.value;
        return found?.kind === Kind.STRING ? found.value : undefined;
      };
      if (text('name') === '@key') return (text('as') ?? '@key').slice(1);
    }
    return `${as?.kind === Kind.STRING ? as.value : 'federation'}__key`;
  }
  return 'key';
}

const DEFINITION_OF = {
  [Kind.SCALAR_TYPE_EXTENSION]: Kind.SCALAR_TYPE_DEFINITION,
  [Kind.OBJECT_TYPE_EXTENSION]: Kind.OBJECT_TYPE_DEFINITION,
  [Kind.INTERFACE_TYPE_EXTENSION]: Kind.INTERFACE_TYPE_DEFINITION,
  [Kind.UNION_TYPE_EXTENSION]: Kind.UNION_TYPE_DEFINITION,
  [Kind.ENUM_TYPE_EXTENSION]: Kind.ENUM_TYPE_DEFINITION,
  [Kind.INPUT_OBJECT_TYPE_EXTENSION]: Kind.INPUT_OBJECT_TYPE_DEFINITION,
} as const;

/** The first extension of what another subgraph defines is its definition here. */
function withDefinitions(document: DocumentNode): DocumentNode {
  const defined = new Set(
    document.definitions.flatMap((one) => ('name' in one && one.name && !isExtension(one) ? one.name.value : [])),
  );
  const definitions = document.definitions.map((one) => {
    if (!isExtension(one) || defined.has(one.name.value)) return one;
    defined.add(one.name.value);
    return { ...one, kind: DEFINITION_OF[one.kind] } as DefinitionNode;
  });
  return { ...document, definitions };
}

function isExtension(definition: DefinitionNode): definition is TypeExtensionNode {
  return definition.kind in DEFINITION_OF;
}
