import { Kind, visit, type DocumentNode } from 'graphql';

/** Beyond that nothing is looked at: it is too much in any case. */
const MOST_VALUES = 100_000;

const literals = new WeakMap<DocumentNode, number>();

/** The items of the longest list that a request gives to an argument, as a literal or in its variables. */
export function listItems(document: DocumentNode, variables: Readonly<Record<string, unknown>>): number {
  const inDocument = literals.get(document) ?? longestLiteral(document);
  literals.set(document, inDocument);
  return Math.max(inDocument, longestList(variables));
}

function longestLiteral(document: DocumentNode): number {
  let longest = 0;
  visit(document, {
    [Kind.LIST](node) {
      longest = Math.max(longest, node.values.length);
    },
  });
  return longest;
}

function longestList(variables: Readonly<Record<string, unknown>>): number {
  let longest = 0;
  const open: unknown[] = [variables];
  for (let seen = 0; open.length > 0; seen++) {
    if (seen > MOST_VALUES) return Infinity;
    const value = open.pop();
    if (typeof value !== 'object' || value === null) continue;
    const within = Object.values(value);
    if (Array.isArray(value)) longest = Math.max(longest, within.length);
    for (const one of within) if (typeof one === 'object' && one !== null) open.push(one);
  }
  return longest;
}
