import {
  Kind,
  parse,
  print,
  visit,
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
} from 'graphql';
import { readDefinitions, type SubgraphDocument } from '../conflicts/definitions.ts';
import { federationDirectives, stringArgument } from '../conflicts/links.ts';
import { graphNames } from '../../supergraph/index.ts';

/**
 * Fault: a field of an interface or of Query that every subgraph of that type defines has no `@join__field`s, and
 * others of Query have them without types. With them is lost what each subgraph says of the field: that an
 * `@interfaceObject` holds it as `@external` (the planner then asks a subgraph that has no resolver for it), its
 * `@requires` and `@provides`, and its type.
 * Repair: they are written again from the subgraphs, where one of them has something to say.
 */
export function restoreJoins(supergraph: DocumentNode, subgraphs: readonly SubgraphDocument[]): DocumentNode {
  const sources = readSources(supergraph, subgraphs);
  const restored = <Type extends { readonly fields?: readonly FieldDefinitionNode[] | undefined }>(
    node: Type,
    typeName: string,
  ): Type => ({ ...node, fields: node.fields?.map((field) => restoreField(field, typeName, sources)) ?? [] });
  return visit(supergraph, {
    InterfaceTypeDefinition: (node) => restored(node, node.name.value),
    ObjectTypeDefinition: (node) => (node.name.value === 'Query' ? restored(node, 'Query') : undefined),
  });
}

/** What one subgraph says of its fields. */
interface Source {
  readonly graph: string;
  readonly fields: ReadonlyMap<string, SourceField>;
}

interface SourceField {
  readonly type: string;
  /** Arguments of `@join__field` beside graph and type, as they are written. */
  readonly rest: readonly string[];
}

function restoreField(field: FieldDefinitionNode, typeName: string, sources: readonly Source[]): FieldDefinitionNode {
  const found = sources.flatMap(({ graph, fields }) => {
    const source = fields.get(`${typeName}.${field.name.value}`);
    return source ? [{ graph, ...source }] : [];
  });
  const typesDiffer = new Set(found.map(({ type }) => type)).size > 1;
  const directives = field.directives ?? [];
  if (!directives.some(isJoin)) {
    if (!typesDiffer && found.every(({ rest }) => rest.length === 0)) return field;
    const joins = found.map(({ graph, type, rest }) =>
      joinField(graph, typesDiffer ? [`type: "${type}"`, ...rest] : rest),
    );
    return { ...field, directives: [...directives, ...joins] };
  }
  if (!typesDiffer) return field;
  const typed = directives.map((directive) => (isJoin(directive) ? withType(directive, found) : directive));
  return { ...field, directives: typed };
}

function readSources(supergraph: DocumentNode, subgraphs: readonly SubgraphDocument[]): Source[] {
  return [...graphNames(supergraph)].flatMap(([graph, name]) => {
    const subgraph = subgraphs.find((one) => one.name === name);
    return subgraph ? [{ graph, fields: readFields(subgraph.typeDefs) }] : [];
  });
}

/** What each `Type.field` of a subgraph says that belongs into a `@join__field`. */
function readFields(document: DocumentNode): ReadonlyMap<string, SourceField> {
  const applies = federationDirectives(document);
  const fields = new Map<string, SourceField>();
  for (const [typeName, type] of readDefinitions(document).types) {
    for (const field of type.fields.values()) {
      const text = (directive: string): string[] =>
        applies(field.directives, directive).flatMap((applied) => {
          const fieldSet = stringArgument(applied, 'fields');
          return fieldSet === undefined ? [] : [`${directive}: ${JSON.stringify(fieldSet)}`];
        });
      const isExternal = applies([...(field.directives ?? []), ...type.directives], 'external').length > 0;
      fields.set(`${typeName}.${field.name.value}`, {
        type: print(field.type),
        rest: [...(isExternal ? ['external: true'] : []), ...text('requires'), ...text('provides')],
      });
    }
  }
  return fields;
}

function withType(join: ConstDirectiveNode, found: readonly (SourceField & { graph: string })[]): ConstDirectiveNode {
  const args = join.arguments ?? [];
  const graph = args.find(({ name }) => name.value === 'graph')?.value;
  const source = graph?.kind === Kind.ENUM ? found.find((one) => one.graph === graph.value) : undefined;
  if (!source || args.some(({ name }) => name.value === 'type')) return join;
  return joinField(source.graph, [...args.slice(1).map((argument) => print(argument)), `type: "${source.type}"`]);
}

function isJoin({ name }: ConstDirectiveNode): boolean {
  return name.value === 'join__field';
}

function joinField(graph: string, args: readonly string[]): ConstDirectiveNode {
  const [definition] = parse(`scalar S @join__field(${[`graph: ${graph}`, ...args].join(', ')})`).definitions;
  const directive = definition?.kind === Kind.SCALAR_TYPE_DEFINITION ? definition.directives?.[0] : undefined;
  if (!directive) throw new Error(`no @join__field can be written for ${graph}`);
  return directive;
}
