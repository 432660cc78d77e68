import {
  GraphQLError,
  Kind,
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type ObjectTypeDefinitionNode,
} from 'graphql';
import { namedType } from '../conflicts/definitions.ts';
import { stringArgument } from '../conflicts/links.ts';
import { graphNames, graphOf } from '../../supergraph/index.ts';
import { resolvingGraphs, type ResolvingGraph } from './join-fields.ts';

/**
 * Fault: a field that several subgraphs share composes although there is no object type that all of them may return for
 * it. They cannot give the same value then, and there is no plan for it.
 * Repair: that is an error, with the code that Apollo Federation has for it.
 */
export function mismatchedRuntimeTypes(supergraph: DocumentNode): readonly GraphQLError[] {
  const names = graphNames(supergraph);
  const { isAbstract, runtimeTypes } = readRuntimeTypes(supergraph);
  const objects = supergraph.definitions.filter(({ kind }) => kind === Kind.OBJECT_TYPE_DEFINITION);
  return (objects as ObjectTypeDefinitionNode[]).flatMap((type) =>
    (type.fields ?? []).flatMap((field) => {
      if (!isAbstract(namedType(field.type))) return [];
      const returned = graphsOfField(type, field)
        .map((join) => ({ graph: join.graph, types: runtimeTypes(join.graph, namedType(join.type)) }))
        .filter(({ types }) => types.size > 0);
      const [first, ...others] = returned.map(({ types }) => types);
      if (!first || others.reduce((common, types) => common.intersection(types), first).size > 0) return [];
      const groups = returned.map(({ graph, types }) => `${quoted(types)} in subgraph "${names.get(graph) ?? graph}"`);
      const message = `Field "${type.name.value}.${field.name.value}" is shared, but no object type is returned by all of its subgraphs: it may be ${groups.join(', ')}.`;
      return [new GraphQLError(message, { extensions: { code: 'SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES' } })];
    }),
  );
}

function graphsOfField(type: ObjectTypeDefinitionNode, field: FieldDefinitionNode): readonly ResolvingGraph[] {
  if (field.directives?.some(({ name }) => name.value === 'join__field')) return resolvingGraphs(field);
  const graphs = type.directives?.map((directive) =>
    directive.name.value === 'join__type' ? graphOf(directive) : undefined,
  );
  return [...new Set(graphs)].flatMap((graph) => (graph === undefined ? [] : [{ graph, type: field.type }]));
}

/** What an object, interface or union stands for in a graph; for an `@interfaceObject` that is not known there. */
function readRuntimeTypes(supergraph: DocumentNode) {
  const abstract = new Set<string>();
  const possible = new Map<string, Set<string>>();
  const add = (graph: string | undefined, type: string | undefined, object: string | undefined): void => {
    if (graph === undefined || type === undefined || object === undefined) return;
    const key = `${graph} ${type}`;
    possible.set(key, (possible.get(key) ?? new Set()).add(object));
  };
  for (const definition of supergraph.definitions) {
    if (definition.kind === Kind.UNION_TYPE_DEFINITION || definition.kind === Kind.INTERFACE_TYPE_DEFINITION) {
      abstract.add(definition.name.value);
    }
    if (!('directives' in definition) || !('name' in definition) || !definition.name) continue;
    const { value } = definition.name;
    for (const directive of definition.directives ?? []) {
      const graph = graphOf(directive);
      if (directive.name.value === 'join__unionMember')
        add(graph, value, stringArgument(directive as ConstDirectiveNode, 'member'));
      const isObject = definition.kind === Kind.OBJECT_TYPE_DEFINITION;
      if (isObject && directive.name.value === 'join__implements') {
        add(graph, stringArgument(directive as ConstDirectiveNode, 'interface'), value);
      }
    }
  }
  return {
    isAbstract: (type: string) => abstract.has(type),
    runtimeTypes: (graph: string, type: string): ReadonlySet<string> =>
      (abstract.has(type) ? possible.get(`${graph} ${type}`) : new Set([type])) ?? new Set(),
  };
}

function quoted(types: ReadonlySet<string>): string {
  return [...types].map((type) => `"${type}"`).join(' or ');
}
