import {
  getNamedType,
  isCompositeType,
  isUnionType,
  Kind,
  parse,
  visit,
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLNamedType,
  type GraphQLSchema,
  type ListValueNode,
  type SelectionSetNode,
  type StringValueNode,
} from 'graphql';
import type { Principal } from '../../../plugins/request-context.ts';

// Who may see what, said once more, from the text of the supergraph and in the plainest way.

export type AllowsPolicy = (policy: string, args: { n?: number }) => boolean;

/** The fields of a document that a principal may not see. */
export function deniedNodes(
  supergraphSdl: string,
  schema: GraphQLSchema,
  document: DocumentNode,
  variables: Record<string, unknown>,
  principal: Principal,
  allows: AllowsPolicy,
): ReadonlySet<FieldNode> {
  const directives = directivesByCoordinate(supergraphSdl);
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions)
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  const denied = new Set<FieldNode>();

  function walk(set: SelectionSetNode, type: GraphQLNamedType): void {
    for (const selection of set.selections) {
      if (selection.kind === Kind.INLINE_FRAGMENT) {
        const on = selection.typeCondition ? schema.getType(selection.typeCondition.name.value) : type;
        walk(selection.selectionSet, on ?? type);
      } else if (selection.kind === Kind.FRAGMENT_SPREAD) {
        const fragment = fragments.get(selection.name.value);
        const on = fragment && schema.getType(fragment.typeCondition.name.value);
        if (fragment && on) walk(fragment.selectionSet, on);
      } else if (selection.name.value !== '__typename') {
        field(selection, type);
      }
    }
  }

  function field(node: FieldNode, type: GraphQLNamedType): void {
    const definition = isCompositeType(type) && !isUnionType(type) ? type.getFields()[node.name.value] : undefined;
    if (!definition) throw new Error(`${type.name} has no ${node.name.value}`);
    const returned = getNamedType(definition.type);
    const all = [type.name, `${type.name}.${node.name.value}`, returned.name].flatMap(
      (one) => directives.get(one) ?? [],
    );
    if (!all.every((directive) => directiveHolds(directive, principal, (policy) => allows(policy, argsOf(node)))))
      denied.add(node);
    if (node.selectionSet) walk(node.selectionSet, returned);
  }

  function argsOf(node: FieldNode): { n?: number } {
    const value = node.arguments?.find(({ name }) => name.value === 'n')?.value;
    if (value?.kind === Kind.INT) return { n: Number(value.value) };
    return value?.kind === Kind.VARIABLE ? { n: (variables[value.name.value] as number | undefined) ?? 4 } : {};
  }

  for (const definition of document.definitions) {
    const query = schema.getQueryType();
    if (definition.kind === Kind.OPERATION_DEFINITION && query) walk(definition.selectionSet, query);
  }
  return denied;
}

export function directiveHolds(
  directive: DirectiveNode,
  principal: Principal,
  allows: (policy: string) => boolean,
): boolean {
  if (directive.name.value === 'authenticated') return principal.kind !== 'anonymous';
  const lists = ((directive.arguments?.[0]?.value as ListValueNode | undefined)?.values ?? []) as ListValueNode[];
  const names = lists.map(({ values }) => values.map((value) => (value as StringValueNode).value));
  const has = (name: string) => (directive.name.value === 'policy' ? allows(name) : principal.scopes.includes(name));
  return names.some((list) => list.every(has));
}

const GUARDS = new Set(['authenticated', 'requiresScopes', 'policy']);
const read = new Map<string, ReadonlyMap<string, DirectiveNode[]>>();

/** The directives of a supergraph that guard something, by `Type` and `Type.field`. */
export function directivesByCoordinate(sdl: string): ReadonlyMap<string, DirectiveNode[]> {
  const known = read.get(sdl);
  if (known) return known;
  const found = new Map<string, DirectiveNode[]>();
  let type = '';
  visit(parse(sdl), {
    enter(node) {
      if (!('name' in node) || !node.name || !('directives' in node) || !node.directives) return;
      if (node.kind !== Kind.FIELD_DEFINITION) type = node.name.value;
      const coordinate = node.kind === Kind.FIELD_DEFINITION ? `${type}.${node.name.value}` : type;
      if (node.kind === Kind.INPUT_VALUE_DEFINITION || node.kind === Kind.ENUM_VALUE_DEFINITION) return;
      const guards = node.directives.filter(({ name }) => GUARDS.has(name.value));
      if (guards.length > 0) found.set(coordinate, guards);
    },
  });
  read.set(sdl, found);
  return found;
}
