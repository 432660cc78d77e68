import {
  Kind,
  parse,
  print,
  TypeInfo,
  visitWithTypeInfo,
  type FieldNode,
  type FragmentDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { fragmentsIn, literalCondition, nameOf, operationIn, visited, withOperation, type Edit } from './request.ts';

/** Ways to write the same selections. */
export const SAME_SELECTIONS: Readonly<Record<string, Edit>> = {
  'whitespace and comments': ({ document, variables }, _schema, random) => {
    const noise = () => random.pick([' ', '\n\n', ' , ', '\n# a "comment" {\n']);
    return { document: parse(print(document).replaceAll('\n', () => `\n${noise()}`)), variables };
  },

  "the operation's name": (request) => withOperation(request, (node) => ({ ...node, name: nameOf('Another') })),

  'definitions that are not used': ({ document, variables }) => {
    const unused = parse('query Other { ...Unused } fragment Unused on Query { __typename @skip(if: false) }');
    return { document: { ...document, definitions: [...document.definitions, ...unused.definitions] }, variables };
  },

  'fragments as part of the selection': (request) => {
    const fragments = fragmentsIn(request.document);
    const inline = (set: SelectionSetNode): SelectionSetNode => ({
      ...set,
      selections: set.selections.map((selection): SelectionNode => {
        if (selection.kind !== Kind.FRAGMENT_SPREAD) {
          return selection.selectionSet ? { ...selection, selectionSet: inline(selection.selectionSet) } : selection;
        }
        const { typeCondition, selectionSet } = fragments.get(selection.name.value) as FragmentDefinitionNode;
        const { directives = [] } = selection;
        return { kind: Kind.INLINE_FRAGMENT, directives, typeCondition, selectionSet: inline(selectionSet) };
      }),
    });
    const operation = operationIn(request.document);
    const definitions = [{ ...operation, selectionSet: inline(operation.selectionSet) }];
    return { ...request, document: { ...request.document, definitions } };
  },

  'selections as fragments': (request, schema, random) => {
    const added: FragmentDefinitionNode[] = [];
    const info = new TypeInfo(schema);
    const leave = (node: SelectionSetNode): SelectionSetNode | undefined => {
      const type = info.getParentType();
      if (!type || type.name.startsWith('__') || random.chance(0.6)) return undefined;
      const from = random.int(node.selections.length);
      const count = 1 + random.int(node.selections.length - from);
      const selectionSet = { ...node, selections: node.selections.slice(from, from + count) };
      const typeCondition = { kind: Kind.NAMED_TYPE, name: nameOf(type.name) } as const;
      const name = nameOf(`Added${added.length}`);
      const way = random.pick<SelectionNode>([
        { kind: Kind.INLINE_FRAGMENT, selectionSet },
        { kind: Kind.INLINE_FRAGMENT, typeCondition, selectionSet },
        { kind: Kind.FRAGMENT_SPREAD, name },
      ]);
      if (way.kind === Kind.FRAGMENT_SPREAD) {
        added.push({ kind: Kind.FRAGMENT_DEFINITION, name, typeCondition, selectionSet });
      }
      return { ...node, selections: node.selections.toSpliced(from, count, way) };
    };
    const { document, variables } = visited(request, visitWithTypeInfo(info, { SelectionSet: { leave } }));
    return { document: { ...document, definitions: [...document.definitions, ...added] }, variables };
  },

  'selections in parts': (request, _schema, random) => {
    const parts = (selection: SelectionNode): readonly SelectionNode[] => {
      if (selection.kind !== Kind.FIELD || !selection.selectionSet || random.chance(0.5)) return [selection];
      const { selections } = selection.selectionSet;
      const at = 1 + random.int(selections.length);
      return [selections.slice(0, at), selections.slice(at)]
        .filter((part) => part.length > 0)
        .map((part): FieldNode => ({ ...selection, selectionSet: { kind: Kind.SELECTION_SET, selections: part } }));
    };
    return visited(request, {
      SelectionSet: { leave: (node) => ({ ...node, selections: node.selections.flatMap(parts) }) },
    });
  },

  'what always holds, and what is never there': (request, _schema, random) => {
    const never: SelectionNode = {
      kind: Kind.FIELD,
      alias: nameOf('never'),
      name: nameOf('__typename'),
      directives: [literalCondition('skip', true)],
    };
    const holding = (node: SelectionNode): SelectionNode => {
      const { directives = [] } = node;
      const name = random.pick(['skip', 'include']);
      if (random.chance(0.5) || directives.some((directive) => directive.name.value === name)) return node;
      return { ...node, directives: [...directives, literalCondition(name, name === 'include')] };
    };
    return visited(request, {
      SelectionSet: {
        leave: (node) => ({
          ...node,
          selections: [...node.selections.map(holding), ...(random.chance(0.3) ? [never] : [])],
        }),
      },
    });
  },
};
