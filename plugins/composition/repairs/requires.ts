import {
  Kind,
  parse,
  print,
  visit,
  type ASTNode,
  type ConstDirectiveNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { namedType, readDefinitions, type Definitions, type SubgraphDocument } from '../conflicts/definitions.ts';
import { federationDirectives, stringArgument } from '../conflicts/links.ts';

type Types = Definitions['types'];

/**
 * Fault: a `@requires` that selects a field through an interface, or spreads one interface inside another, is refused
 * with a false SATISFIABILITY_ERROR.
 * Repair: each selection on an interface becomes one fragment for each object type that the subgraph lists under it.
 * That asks for the same data, though not of object types that the subgraph does not know. The library checks the
 * satisfiability of what results, so a requirement that really cannot be met is still refused.
 */
export function spreadInterfacesOfRequires<Subgraph extends SubgraphDocument>(subgraph: Subgraph): Subgraph {
  const applies = federationDirectives(subgraph.typeDefs);
  const { types, renamedRoots } = readDefinitions(subgraph.typeDefs);
  let typeName = '';
  const typeDefs = visit(subgraph.typeDefs, {
    enter(node: ASTNode) {
      if (node.kind === Kind.OBJECT_TYPE_DEFINITION || node.kind === Kind.OBJECT_TYPE_EXTENSION) {
        typeName = renamedRoots.get(node.name.value) ?? node.name.value;
      }
      if (node.kind !== Kind.DIRECTIVE) return undefined;
      const [requires] = applies([node as ConstDirectiveNode], 'requires');
      const fields = requires && stringArgument(requires, 'fields');
      if (!requires || fields === undefined) return undefined;
      const [operation] = parse(`{${fields}}`, { noLocation: true }).definitions;
      if (operation?.kind !== Kind.OPERATION_DEFINITION) return undefined;
      const spread = print(spreadInterfaces(operation.selectionSet, typeName, types));
      return withFields(requires, spread.slice(1, -1).replaceAll(/\s+/g, ' ').trim());
    },
  });
  return { ...subgraph, typeDefs };
}

function spreadInterfaces(set: SelectionSetNode, parent: string, types: Types): SelectionSetNode {
  const selections = set.selections.flatMap((selection): SelectionNode[] => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return [selection];
    if (selection.kind === Kind.INLINE_FRAGMENT) {
      const condition = selection.typeCondition?.name.value ?? parent;
      const inner = spreadInterfaces(selection.selectionSet, condition, types);
      if (!isAbstract(condition, types)) return [{ ...selection, selectionSet: inner }];
      // The fragments made for this condition's object types hold only where the parent may be one of them.
      const apt = inner.selections.filter(
        (one) => one.kind === Kind.INLINE_FRAGMENT && mayBe(parent, one.typeCondition?.name.value, types),
      );
      return apt.length === 0 ? [selection] : apt;
    }
    const field = types.get(parent)?.fields.get(selection.name.value);
    if (!field || !selection.selectionSet) return [selection];
    return [{ ...selection, selectionSet: spreadInterfaces(selection.selectionSet, namedType(field.type), types) }];
  });
  const shared = selections.filter(({ kind }) => kind === Kind.FIELD);
  // Only @interfaceObject or an empty interface has no object types: there is nothing to spread.
  const objects = types.get(parent)?.kind === 'interface' ? objectTypesOf(parent, types) : [];
  if (shared.length === 0 || objects.length === 0) return { ...set, selections };
  const fragments = objects.map((name): SelectionNode => ({
    kind: Kind.INLINE_FRAGMENT,
    typeCondition: { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: name } },
    selectionSet: { kind: Kind.SELECTION_SET, selections: shared },
  }));
  return { ...set, selections: [...fragments, ...selections.filter(({ kind }) => kind !== Kind.FIELD)] };
}

function isAbstract(name: string, types: Types): boolean {
  const kind = types.get(name)?.kind;
  return kind === 'interface' || kind === 'union';
}

function objectTypesOf(abstract: string, types: Types): string[] {
  const members = types.get(abstract)?.members;
  return [...types]
    .filter(([name, { kind, interfaces }]) => kind === 'object' && (interfaces.has(abstract) || members?.has(name)))
    .map(([name]) => name);
}

function mayBe(parent: string, typeName: string | undefined, types: Types): boolean {
  return typeName === undefined || parent === typeName || objectTypesOf(parent, types).includes(typeName);
}

function withFields(directive: ConstDirectiveNode, value: string): ConstDirectiveNode {
  const args = directive.arguments?.map((argument) =>
    argument.name.value === 'fields' ? { ...argument, value: { kind: Kind.STRING as const, value } } : argument,
  );
  return { ...directive, arguments: args ?? [] };
}
