import { Kind, print, visit, type SelectionNode, type SelectionSetNode } from 'graphql';

export interface NormalSelections {
  readonly text: string;
  /** Of the operation that it stands in: `$0` in the text is the first. */
  readonly variables: readonly string[];
}

/** A selection set as text that is the same in whatever order its parts stand, and however its variables are called. */
export function normalSelections(set: SelectionSetNode): NormalSelections {
  const variables: string[] = [];
  const sorted = visit(set, {
    SelectionSet: {
      leave: (node) => ({ ...node, selections: node.selections.toSorted(byText) }),
    },
  });
  const named = visit(sorted, {
    Variable(node) {
      const { value } = node.name;
      if (!variables.includes(value)) variables.push(value);
      return { ...node, name: { kind: Kind.NAME, value: String(variables.indexOf(value)) } };
    },
  });
  return { text: print(named), variables };
}

function byText(one: SelectionNode, other: SelectionNode): number {
  return print(one) < print(other) ? -1 : 1;
}
