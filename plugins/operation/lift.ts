import {
  isNonNullType,
  Kind,
  print,
  visit,
  type ArgumentNode,
  type DirectiveNode,
  type GraphQLArgument,
  type GraphQLSchema,
  type ValueNode,
} from 'graphql';
import { templateOf } from './literals.ts';
import type { ValueTemplate } from './value-template.ts';

/** A variable of the normal form, and what a request makes its value of. */
export interface CanonicalVariable {
  readonly name: string;
  readonly template: ValueTemplate;
  /** Decides a `@skip` or `@include`. */
  readonly isCondition: boolean;
}

/**
 * Writes values as variables, one for each place, also for what is a variable already: which of them are the same is a
 * matter of their values. It names and declares them in the order in which it meets them.
 */
export interface Lift {
  argumentsText(args: readonly ArgumentNode[], definitions: readonly GraphQLArgument[]): string;
  directivesText(directives: readonly DirectiveNode[]): string;
  /** The name of what stands for a client's variable that decides a `@skip` or `@include`. */
  conditionName(variable: string): string;
  /** Undefined when a value holds variables beside what JSON cannot carry: it is no variable, and no constant. */
  lifted(): { readonly variables: readonly CanonicalVariable[]; readonly declarations: string } | undefined;
}

export function lift(schema: GraphQLSchema): Lift {
  const variables: CanonicalVariable[] = [];
  const declarations: string[] = [];
  let isComplete = true;

  function argumentsText(args: readonly ArgumentNode[], definitions: readonly GraphQLArgument[]): string {
    if (args.length === 0) return '';
    const sorted = args.toSorted((one, other) => (one.name.value < other.name.value ? -1 : 1));
    const texts = sorted.map(({ name, value }) => {
      const definition = definitions.find((one) => one.name === name.value);
      return `${name.value}:${definition ? valueText(value, definition) : print(value)}`;
    });
    return `(${texts.join(',')})`;
  }

  function valueText(value: ValueNode, { type, defaultValue }: GraphQLArgument): string {
    const template = templateOf(value, type);
    if (!template) {
      if (hasVariables(value)) isComplete = false;
      return print(value);
    }
    // Where there is a default, the variable may be left out.
    const declared = isNonNullType(type) && defaultValue !== undefined ? type.ofType : type;
    return `$${declare('v', String(declared), template, false)}`;
  }

  function declare(letter: string, type: string, template: ValueTemplate, isCondition: boolean): string {
    const name = `${letter}${variables.length}`;
    declarations.push(`$${name}:${type}`);
    variables.push({ name, template, isCondition });
    return name;
  }

  return {
    argumentsText,
    directivesText: (directives) =>
      directives
        .map(({ name, arguments: args = [] }) => {
          const definitions = schema.getDirective(name.value)?.args ?? [];
          return `@${name.value}${argumentsText(args, definitions)}`;
        })
        .join(''),
    conditionName: (variable) => declare('c', 'Boolean!', { kind: 'variable', name: variable }, true),
    lifted: () => (isComplete ? { variables, declarations: declarations.join(',') } : undefined),
  };
}

function hasVariables(value: ValueNode): boolean {
  let found = false;
  visit(value, { [Kind.VARIABLE]: () => void (found = true) });
  return found;
}
