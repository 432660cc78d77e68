import {
  Kind,
  type ConstDirectiveNode,
  type DefinitionNode,
  type DirectiveDefinitionNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type InputValueDefinitionNode,
  type OperationTypeNode,
  type TypeNode,
} from 'graphql';

/** A subgraph's name, as configured, and its SDL. */
export interface SubgraphDocument {
  readonly name: string;
  readonly typeDefs: DocumentNode;
}

/** What a document says of one type, its definitions and extensions taken together. */
export interface TypeDefinition {
  readonly kind: 'object' | 'interface' | 'input' | 'enum' | 'union' | 'scalar';
  readonly directives: ConstDirectiveNode[];
  readonly interfaces: Set<string>;
  /** Of an object or interface. */
  readonly fields: Map<string, FieldDefinitionNode>;
  readonly inputFields: Map<string, InputValueDefinitionNode>;
  readonly values: Set<string>;
  readonly members: Set<string>;
}

export interface Definitions {
  /** By the name that the supergraph uses: a root type is Query, Mutation or Subscription, whatever its document says. */
  readonly types: ReadonlyMap<string, TypeDefinition>;
  readonly directives: ReadonlyMap<string, DirectiveDefinitionNode>;
  /** The root types that the document names otherwise: its own name to the supergraph's. */
  readonly renamedRoots: ReadonlyMap<string, string>;
}

const ROOT_TYPES: Record<OperationTypeNode, string> = {
  query: 'Query',
  mutation: 'Mutation',
  subscription: 'Subscription',
};

const TYPE_KINDS: { readonly [kind in Kind]?: TypeDefinition['kind'] } = {
  [Kind.OBJECT_TYPE_DEFINITION]: 'object',
  [Kind.OBJECT_TYPE_EXTENSION]: 'object',
  [Kind.INTERFACE_TYPE_DEFINITION]: 'interface',
  [Kind.INTERFACE_TYPE_EXTENSION]: 'interface',
  [Kind.INPUT_OBJECT_TYPE_DEFINITION]: 'input',
  [Kind.INPUT_OBJECT_TYPE_EXTENSION]: 'input',
  [Kind.ENUM_TYPE_DEFINITION]: 'enum',
  [Kind.ENUM_TYPE_EXTENSION]: 'enum',
  [Kind.UNION_TYPE_DEFINITION]: 'union',
  [Kind.UNION_TYPE_EXTENSION]: 'union',
  [Kind.SCALAR_TYPE_DEFINITION]: 'scalar',
  [Kind.SCALAR_TYPE_EXTENSION]: 'scalar',
};

/** Reads what a document defines. `extend type` (Federation 1) counts like a definition; of two kinds the first holds. */
export function readDefinitions(document: DocumentNode): Definitions {
  const renamedRoots = readRenamedRoots(document);
  const types = new Map<string, TypeDefinition>();
  const directives = new Map<string, DirectiveDefinitionNode>();
  for (const node of document.definitions) {
    if (node.kind === Kind.DIRECTIVE_DEFINITION) directives.set(node.name.value, node);
    const kind = TYPE_KINDS[node.kind];
    if (!kind || !('name' in node) || !node.name) continue;
    const name = renamedRoots.get(node.name.value) ?? node.name.value;
    const type = types.get(name) ?? emptyType(kind);
    types.set(name, type);
    collect(node, type);
  }
  return { types, directives, renamedRoots };
}

/** The name of the type without its list and non-null wrappers. */
export function namedType(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type);
}

function readRenamedRoots(document: DocumentNode): Map<string, string> {
  const renamed = new Map<string, string>();
  for (const node of document.definitions) {
    if (node.kind !== Kind.SCHEMA_DEFINITION && node.kind !== Kind.SCHEMA_EXTENSION) continue;
    for (const { operation, type } of node.operationTypes ?? []) {
      const name = ROOT_TYPES[operation];
      if (type.name.value !== name) renamed.set(type.name.value, name);
    }
  }
  return renamed;
}

function emptyType(kind: TypeDefinition['kind']): TypeDefinition {
  return {
    kind,
    directives: [],
    interfaces: new Set(),
    fields: new Map(),
    inputFields: new Map(),
    values: new Set(),
    members: new Set(),
  };
}

function collect(node: DefinitionNode, type: TypeDefinition): void {
  if ('directives' in node) type.directives.push(...((node.directives ?? []) as readonly ConstDirectiveNode[]));
  if ('interfaces' in node) for (const one of node.interfaces ?? []) type.interfaces.add(one.name.value);
  if ('types' in node) for (const one of node.types ?? []) type.members.add(one.name.value);
  if ('values' in node) for (const one of node.values ?? []) type.values.add(one.name.value);
  if ('fields' in node) {
    for (const field of node.fields ?? []) {
      if (field.kind === Kind.FIELD_DEFINITION) type.fields.set(field.name.value, field);
      else type.inputFields.set(field.name.value, field);
    }
  }
}
