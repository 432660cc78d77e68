import {
  Kind,
  type ASTNode,
  type DirectiveNode,
  type FieldNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { nameOf, visited, withOperation, type Edit, type Request } from './request.ts';
import type { Random } from './random.ts';

/** Changes that mostly, but not always, make another meaning; what they make may be invalid. */
export const CHANGES: Readonly<Record<string, Edit>> = {
  'a selection less': selections((set, random) => (set.length > 1 ? set.toSpliced(random.int(set.length), 1) : set)),
  'a selection in another place': selections((set, random) => {
    const [moved, ...rest] = set.toSpliced(0, 0);
    return moved ? rest.toSpliced(random.int(rest.length + 1), 0, moved) : set;
  }),
  'a selection twice': selections((set, random) => [...set, ...set.slice(random.int(set.length)).slice(0, 1)]),
  'another alias': nodes(Kind.FIELD, (node: FieldNode) => ({ ...node, alias: nameOf(`c_${node.name.value}`) })),
  'no alias': nodes(Kind.FIELD, (node: FieldNode) => ({ ...node, alias: undefined })),
  'an argument less': nodes(Kind.FIELD, (node: FieldNode, random) => ({
    ...node,
    arguments: node.arguments?.toSpliced(random.int(node.arguments.length), 1) ?? [],
  })),
  'another number': nodes(Kind.INT, (node: ASTNode, random) => ({ ...node, value: String(random.int(5)) })),
  'another string': nodes(Kind.STRING, (node: ASTNode) => ({ ...node, value: 'another' })),
  'another enum value': nodes(Kind.ENUM, (node: ASTNode) => ({ ...node, value: 'BLUE' })),
  'null for a value': nodes(Kind.OBJECT, () => ({ kind: Kind.NULL })),
  'another type condition': (request, schema, random) => {
    const names = Object.keys(schema.getTypeMap()).filter((name) => !name.startsWith('__'));
    const to = random.pickAny(names) ?? 'Query';
    const change = (node: ASTNode) => ('typeCondition' in node ? { ...node, typeCondition: named(to) } : node);
    return nodes(Kind.INLINE_FRAGMENT, change)(request, schema, random);
  },
  '@skip for @include': nodes(Kind.DIRECTIVE, (node: DirectiveNode) => ({
    ...node,
    name: nameOf({ skip: 'include', include: 'skip' }[node.name.value] ?? node.name.value),
  })),
  'a directive less': nodes(Kind.FIELD, (node: FieldNode) => ({ ...node, directives: [] })),
  'a condition less around a fragment': nodes(Kind.INLINE_FRAGMENT, (node: ASTNode) => ({ ...node, directives: [] })),
  'another variable for a condition': nodes(Kind.DIRECTIVE, (node: DirectiveNode, random) => ({
    ...node,
    arguments: (node.arguments ?? []).map((argument) => ({
      ...argument,
      value: { kind: Kind.VARIABLE, name: nameOf(random.pick(['p', 'q', 'r'])) } as const,
    })),
  })),
  'another default': nodes(Kind.BOOLEAN, (node: ASTNode) => ({ ...node, value: !('value' in node && node.value) })),
  'another given value': (request, _schema, random) => {
    const name = random.pickAny(Object.keys(request.variables));
    const others: Readonly<Record<string, unknown>> = {
      string: 'x',
      number: 2,
      boolean: !request.variables[name ?? ''],
    };
    const value = others[typeof request.variables[name ?? '']];
    return name === undefined ? request : { ...request, variables: { ...request.variables, [name]: value ?? [] } };
  },
  'a value less': (request, _schema, random) => {
    const name = random.pickAny(Object.keys(request.variables));
    const entries = Object.entries(request.variables).filter(([key]) => key !== name);
    return { ...request, variables: Object.fromEntries(entries) };
  },
  'a mutation for a query': (request) =>
    withOperation(request, (node) => ({ ...node, operation: 'mutation' as never })),
};

function named(name: string) {
  return { kind: Kind.NAMED_TYPE, name: nameOf(name) } as const;
}

/** Changes one of the nodes of a kind. */
function nodes(kind: Kind, change: (node: never, random: Random) => unknown): Edit {
  return (request, _schema, random) => {
    let count = 0;
    visited(request, { [kind]: () => void count++ });
    let chosen = random.int(Math.max(count, 1));
    const leave = (node: ASTNode) => (chosen-- === 0 ? change(node as never, random) : undefined);
    return visited(request, { [kind]: { leave } });
  };
}

function selections(change: (set: readonly SelectionNode[], random: Random) => readonly SelectionNode[]): Edit {
  return (request: Request, schema, random) =>
    nodes(Kind.SELECTION_SET, (node: SelectionSetNode, chance) => ({
      ...node,
      selections: change(node.selections, chance),
    }))(request, schema, random);
}
