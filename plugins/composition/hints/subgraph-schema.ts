import { Kind, type ConstDirectiveNode, type FieldDefinitionNode, type InputValueDefinitionNode } from 'graphql';
import { namedType, readDefinitions, type SubgraphDocument, type TypeDefinition } from '../conflicts/definitions.ts';
import { federationDirectives } from '../conflicts/links.ts';

/** A subgraph as the hints see it. */
export interface SubgraphSchema {
  readonly name: string;
  /** Without the types of federation itself. */
  readonly types: ReadonlyMap<string, TypeDefinition>;
  /** Those of the applied directives that are the given federation directive, however the subgraph imports it. */
  readonly federation: (applied: readonly ConstDirectiveNode[] | undefined, name: string) => ConstDirectiveNode[];
}

/** What one subgraph says of something. */
export interface Said<What> {
  readonly subgraph: SubgraphSchema;
  readonly what: What;
}

/** An argument or input field, and the subgraphs that have what it belongs to with and without it. */
export interface Input {
  readonly coordinate: string;
  readonly said: readonly Said<InputValueDefinitionNode>[];
  readonly absentIn: readonly string[];
}

const OF_FEDERATION = /^(?:_Any|_Entity|_Service|_FieldSet|__.*|(?:federation|link|core|join)__.*)$/;

export function readSubgraphSchema({ name, typeDefs }: SubgraphDocument): SubgraphSchema {
  const { types } = readDefinitions(typeDefs);
  return {
    name,
    types: new Map([...types].filter(([typeName]) => !OF_FEDERATION.test(typeName))),
    federation: federationDirectives(typeDefs),
  };
}

/** What the subgraphs say of each type of these kinds, by type name. */
export function typesOfKind(
  schemas: readonly SubgraphSchema[],
  ...kinds: readonly TypeDefinition['kind'][]
): Map<string, Said<TypeDefinition>[]> {
  const types = new Map<string, Said<TypeDefinition>[]>();
  for (const subgraph of schemas) {
    for (const [name, what] of subgraph.types) {
      if (kinds.includes(what.kind)) add(types, name, { subgraph, what });
    }
  }
  return types;
}

/** What the subgraphs that can resolve it say of each field of an object or interface, by coordinate. */
export function resolvedFields(schemas: readonly SubgraphSchema[]): Map<string, Said<FieldDefinitionNode>[]> {
  const fields = new Map<string, Said<FieldDefinitionNode>[]>();
  for (const [typeName, definitions] of typesOfKind(schemas, 'object', 'interface')) {
    for (const { subgraph, what: type } of definitions) {
      for (const [name, what] of type.fields) {
        if (isExternal(subgraph, type, what) || OF_FEDERATION.test(namedType(what.type))) continue;
        add(fields, `${typeName}.${name}`, { subgraph, what });
      }
    }
  }
  return fields;
}

/** The arguments of all fields but those that `@fromContext` takes out of the supergraph. */
export function fieldArguments(schemas: readonly SubgraphSchema[]): Input[] {
  return [...resolvedFields(schemas)].flatMap(([coordinate, fields]) =>
    inputs(
      fields.map(({ subgraph, what }) => ({ subgraph, what: what.arguments ?? [] })),
      (name) => `${coordinate}(${name}:)`,
    ).filter(
      ({ said }) => !said.some(({ subgraph, what }) => subgraph.federation(what.directives, 'fromContext').length > 0),
    ),
  );
}

export function inputFields(schemas: readonly SubgraphSchema[]): Input[] {
  return [...typesOfKind(schemas, 'input')].flatMap(([typeName, definitions]) =>
    inputs(
      definitions.map(({ subgraph, what }) => ({ subgraph, what: [...what.inputFields.values()] })),
      (name) => `${typeName}.${name}`,
    ),
  );
}

export function isRequired({ said }: Input): boolean {
  return said.some(({ what }) => what.type.kind === Kind.NON_NULL_TYPE);
}

export function isExternal(subgraph: SubgraphSchema, type: TypeDefinition, field: FieldDefinitionNode): boolean {
  return [field.directives, type.directives].some((applied) => subgraph.federation(applied, 'external').length > 0);
}

export function namesOf(said: readonly Said<unknown>[]): string[] {
  return said.map(({ subgraph }) => subgraph.name);
}

function inputs(
  lists: readonly Said<readonly InputValueDefinitionNode[]>[],
  coordinateOf: (name: string) => string,
): Input[] {
  const byName = new Map<string, Said<InputValueDefinitionNode>[]>();
  for (const { subgraph, what: list } of lists) {
    for (const what of list) add(byName, what.name.value, { subgraph, what });
  }
  return [...byName].map(([name, said]) => ({
    coordinate: coordinateOf(name),
    said,
    absentIn: namesOf(lists).filter((subgraph) => !namesOf(said).includes(subgraph)),
  }));
}

function add<Value>(lists: Map<string, Value[]>, key: string, value: Value): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}
