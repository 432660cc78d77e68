import { BREAK, Kind, valueFromASTUntyped, visit, type ValueNode } from 'graphql';

/** The values of an operation's variables, with defaults; what is not given is not there. */
export type Variables = Readonly<Record<string, unknown>>;

/** What is known for a document, or what variables decide. */
export type ByVariables<T> = T | ((variables: Variables) => T);
export type Quantity = ByVariables<number>;

export function valueFor<T extends number | object>(given: ByVariables<T>, variables: Variables): T {
  return typeof given === 'function' ? given(variables) : given;
}

/** What is made of parts: known when all of them are. */
export function combined<T extends number | object, R>(
  parts: readonly ByVariables<T>[],
  combine: (values: readonly T[]) => R,
): ByVariables<R> {
  const known = parts.filter((part): part is T => typeof part !== 'function');
  if (known.length === parts.length) return combine(known);
  return (variables) => combine(parts.map((part) => valueFor(part, variables)));
}

/** What is read of a value in a document; it is undefined when it is a variable that is not given. */
export function readIn<T>(node: ValueNode, read: (value: unknown) => T): ByVariables<T> {
  if (!hasVariables(node)) return read(valueFromASTUntyped(node));
  return (variables) => read(valueFromASTUntyped(node, variables));
}

function hasVariables(node: ValueNode): boolean {
  if (node.kind === Kind.VARIABLE) return true;
  if (node.kind !== Kind.LIST && node.kind !== Kind.OBJECT) return false;
  let found = false;
  const Variable = () => {
    found = true;
    return BREAK;
  };
  visit(node, { Variable });
  return found;
}
