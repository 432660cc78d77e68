import {
  buildASTSchema,
  Kind,
  parse,
  parseType,
  visit,
  type DefinitionNode,
  type DirectiveNode,
  type DocumentNode,
  type GraphQLSchema,
} from 'graphql';

// Parts of a supergraph (join specification 0.3 and above) that belong to some of its subgraphs. A "graph" is a value
// of `join__Graph`.

/** Directives that tie a part of the supergraph to one graph. */
const JOINS = new Set(['join__type', 'join__field', 'join__implements', 'join__unionMember', 'join__enumValue']);

/** The definitions that a schema was built of. */
export function definitionsOf(schema: GraphQLSchema): DocumentNode {
  const parts = [schema, ...schema.getDirectives(), ...Object.values(schema.getTypeMap())];
  return { kind: Kind.DOCUMENT, definitions: parts.flatMap(({ astNode }) => astNode ?? []) };
}

/** Graphs to the names of their subgraphs. */
export function graphNames(supergraph: DocumentNode): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const definition of supergraph.definitions) {
    if (definition.kind !== Kind.ENUM_TYPE_DEFINITION || definition.name.value !== 'join__Graph') continue;
    for (const { name, directives } of definition.values ?? []) {
      names.set(name.value, stringArgument(directives?.[0], 'name') ?? name.value);
    }
  }
  return names;
}

/** The graphs whose schema was transformed before it was composed: parts of them are marked with `@source`. */
export function transformedGraphs(supergraph: DocumentNode): ReadonlySet<string> {
  const subgraphs = new Set<string | undefined>();
  visit(supergraph, {
    Directive(node) {
      if (node.name.value === 'source') subgraphs.add(stringArgument(node, 'subgraph'));
    },
  });
  return new Set([...graphNames(supergraph)].filter(([, name]) => subgraphs.has(name)).map(([graph]) => graph));
}

/** A supergraph of the same graphs, of which all but those given are left with a single field. */
export function reduceTo(supergraph: DocumentNode, graphs: ReadonlySet<string>): DocumentNode {
  const others = [...graphNames(supergraph).keys()].filter((graph) => !graphs.has(graph));
  const joins = others.map((graph) => `@join__type(graph: ${graph})`).join(' ');
  const fields = others.map((graph) => `_${graph}: Boolean @join__field(graph: ${graph})`).join(' ');
  const placeholders = parse(`extend type Query ${joins} { _: Boolean ${fields} }`, { noLocation: true });
  const definitions = supergraph.definitions.flatMap((definition) => {
    if (!isJoined(definition)) return [definition];
    if (belongsTo(definition, graphs)) return [withoutOtherGraphs(definition, graphs)];
    const isQuery = definition.kind === Kind.OBJECT_TYPE_DEFINITION && definition.name.value === 'Query';
    return isQuery ? [{ kind: definition.kind, name: definition.name }] : [];
  });
  return { ...supergraph, definitions: [...withExistingRootTypes(definitions), ...placeholders.definitions] };
}

function withExistingRootTypes(definitions: readonly DefinitionNode[]): readonly DefinitionNode[] {
  const names = new Set(definitions.flatMap((definition) => ('name' in definition ? definition.name?.value : [])));
  return definitions.map((definition) => {
    if (definition.kind !== Kind.SCHEMA_DEFINITION) return definition;
    return {
      ...definition,
      operationTypes: definition.operationTypes.filter(({ type }) => names.has(type.name.value)),
    };
  });
}

/** The schema of one subgraph as far as the supergraph knows it, without directives of composition. */
export function subgraphSchema(supergraph: DocumentNode, graph: string): GraphQLSchema {
  return buildASTSchema(subgraphDefinitions(supergraph, graph), { assumeValid: true, assumeValidSDL: true });
}

export function subgraphDefinitions(supergraph: DocumentNode, graph: string): DocumentNode {
  const graphs = new Set([graph]);
  const definitions = supergraph.definitions
    .filter((definition) => isJoined(definition) && belongsTo(definition, graphs))
    .map((definition) => asInSubgraph(withoutOtherGraphs(definition, graphs)));
  return { kind: Kind.DOCUMENT, definitions };
}

function directivesOf(node: DefinitionNode): readonly DirectiveNode[] {
  return ('directives' in node && node.directives) || [];
}

function isJoined(definition: DefinitionNode): boolean {
  return directivesOf(definition).some((directive) => directive.name.value === 'join__type');
}

function belongsTo(definition: DefinitionNode, graphs: ReadonlySet<string>): boolean {
  return directivesOf(definition).some((directive) => {
    const graph = directive.name.value === 'join__type' ? graphOf(directive) : undefined;
    return graph !== undefined && graphs.has(graph);
  });
}

function withoutOtherGraphs(definition: DefinitionNode, graphs: ReadonlySet<string>): DefinitionNode {
  return visit(definition, {
    Directive(node) {
      const graph = graphOf(node);
      return graph === undefined || graphs.has(graph) ? undefined : null;
    },
    FieldDefinition: ({ directives }) => (staysWith(directives, 'join__field', graphs) ? undefined : null),
    InputValueDefinition: ({ directives }) => (staysWith(directives, 'join__field', graphs) ? undefined : null),
    EnumValueDefinition: ({ directives }) => (staysWith(directives, 'join__enumValue', graphs) ? undefined : null),
  });
}

/** What bears no join belongs to every graph of its type. */
function staysWith(
  directives: readonly DirectiveNode[] | undefined,
  join: string,
  graphs: ReadonlySet<string>,
): boolean {
  const joins = directives?.filter((directive) => directive.name.value === join) ?? [];
  return joins.length === 0 || joins.some((directive) => graphs.has(graphOf(directive) ?? ''));
}

/** Union members and interfaces that only other graphs know leave; fields get the type that this graph gives them. */
function asInSubgraph(definition: DefinitionNode): DefinitionNode {
  const named = (directive: string, argument: string) =>
    new Set(
      directivesOf(definition)
        .filter(({ name }) => name.value === directive)
        .map((node) => stringArgument(node, argument)),
    );
  const interfaces = named('join__implements', 'interface');
  const members = named('join__unionMember', 'member');
  const restricted =
    definition.kind === Kind.UNION_TYPE_DEFINITION
      ? { ...definition, types: definition.types?.filter(({ name }) => members.has(name.value)) ?? [] }
      : 'interfaces' in definition
        ? { ...definition, interfaces: definition.interfaces?.filter(({ name }) => interfaces.has(name.value)) ?? [] }
        : definition;
  return visit(restricted, {
    FieldDefinition: {
      enter(field) {
        const join = field.directives?.find((directive) => directive.name.value === 'join__field');
        const type = stringArgument(join, 'type');
        return type === undefined ? undefined : { ...field, type: parseType(type) };
      },
    },
    Directive: { leave: () => null },
  });
}

/** The graph that a join directive names. */
export function graphOf(directive: DirectiveNode): string | undefined {
  if (!JOINS.has(directive.name.value)) return undefined;
  const graph = directive.arguments?.find((argument) => argument.name.value === 'graph')?.value;
  return graph?.kind === Kind.ENUM ? graph.value : undefined;
}

function stringArgument(directive: DirectiveNode | undefined, name: string): string | undefined {
  const value = directive?.arguments?.find((argument) => argument.name.value === name)?.value;
  return value?.kind === Kind.STRING ? value.value : undefined;
}
