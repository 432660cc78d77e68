import { Kind, type DirectiveNode, type SelectionNode } from 'graphql';

/** A `@skip` or `@include` that a variable decides: the selection is there when the variable has the value. */
export interface Condition {
  readonly variable: string;
  readonly wanted: boolean;
}

/** All of them hold. */
export interface Conjunction {
  /** Each variable once, in the order of the document. */
  readonly conditions: readonly Condition[];
  /** By `keyOf`. */
  readonly key: string;
}

export const ALWAYS: Conjunction = { conditions: [], key: '' };

/** Whether a literal `@skip` or `@include` takes it out, whatever the variables. */
export function isRuledOut({ directives }: SelectionNode): boolean {
  return directives?.some((directive) => decidedBy(directive) === false) ?? false;
}

/** What must hold for a selection, by its own directives. */
export function conditionsOf({ directives = [] }: SelectionNode): readonly Condition[] {
  return directives.flatMap((directive) => {
    const condition = decidedBy(directive);
    return typeof condition === 'object' ? [condition] : [];
  });
}

/** Those that are neither `@skip` nor `@include`. */
export function otherDirectives(directives: readonly DirectiveNode[] = []): readonly DirectiveNode[] {
  return directives.length === 0 ? directives : directives.filter(({ name }) => !isConditional(name.value));
}

/** With more conditions, less what is `known` to hold. Undefined when they can never hold together. */
export function and(
  { conditions }: Conjunction,
  added: readonly Condition[],
  known: readonly Condition[],
): Conjunction | undefined {
  const all = [...conditions];
  for (const condition of added) {
    const same = [...known, ...all].find(({ variable }) => variable === condition.variable);
    if (!same) all.push(condition);
    else if (same.wanted !== condition.wanted) return undefined;
  }
  return { conditions: all, key: keyOf(all) };
}

/** The same for the same conditions in any order. */
export function keyOf(conditions: readonly Condition[]): string {
  return conditions
    .map(({ variable, wanted }) => (wanted ? variable : `!${variable}`))
    .toSorted()
    .join(' ');
}

/** A condition, or what a literal says; true for any other directive. */
function decidedBy({ name, arguments: args = [] }: DirectiveNode): Condition | boolean {
  if (!isConditional(name.value)) return true;
  const wanted = name.value === 'include';
  const value = args.find((argument) => argument.name.value === 'if')?.value;
  if (value?.kind === Kind.VARIABLE) return { variable: value.name.value, wanted };
  return value?.kind !== Kind.BOOLEAN || value.value === wanted;
}

function isConditional(name: string): boolean {
  return name === 'skip' || name === 'include';
}
