import type { GraphQLSchema, OperationDefinitionNode } from 'graphql';
import { keyOf, otherDirectives } from './conditions.ts';
import { lift, type CanonicalVariable } from './lift.ts';
import type { SelectedField } from './selected-field.ts';

export interface NormalText {
  readonly text: string;
  readonly variables: readonly CanonicalVariable[];
}

/** An object of which a client wants nothing is still there. */
const NOTHING = '{__typename@skip(if:true)}';

/** What stands around fields that are for the same types and under the same conditions. */
interface Surroundings {
  readonly key: string;
  readonly opening: string;
  readonly closing: string;
}

/**
 * The text of an operation's normal form: every argument's value and every condition is a variable of its own. Undefined
 * when a value cannot be lifted.
 */
export function normalText(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  selection: readonly SelectedField[],
): NormalText | undefined {
  const { argumentsText, directivesText, conditionName, lifted } = lift(schema);

  function selectionText(fields: readonly SelectedField[]): string {
    if (fields.length === 0) return NOTHING;
    let text = '{';
    let around: Surroundings = { key: '', opening: '', closing: '' };
    for (const field of fields) {
      const key = surroundingsKey(field);
      if (key !== around.key) {
        text += around.closing;
        around = surroundings(field, key);
        text += around.opening;
      }
      text += `${fieldText(field)} `;
    }
    return `${text}${around.closing}}`;
  }

  function surroundings({ typeConditions, conditions }: SelectedField, key: string): Surroundings {
    const wrappers = [
      ...typeConditions.map((type) => `...on ${type}{`),
      ...conditions.map(
        ({ variable, wanted }) => `...@${wanted ? 'include' : 'skip'}(if:$${conditionName(variable)}){`,
      ),
    ];
    return { key, opening: wrappers.join(''), closing: '}'.repeat(wrappers.length) };
  }

  function fieldText({
    responseKey,
    name,
    definition,
    directives,
    origins,
    selections,
    ...field
  }: SelectedField): string {
    const alias = responseKey === name ? '' : `${responseKey}:`;
    const args = argumentsText(field.arguments, definition.args);
    const isComposite = origins.some(({ node }) => node.selectionSet);
    return `${alias}${name}${args}${directivesText(directives)}${isComposite ? selectionText(selections) : ''}`;
  }

  const directives = directivesText(otherDirectives(operation.directives));
  const body = selectionText(selection);
  const values = lifted();
  if (!values) return undefined;
  const declarations = values.declarations && `(${values.declarations})`;
  return { text: `${operation.operation}${declarations}${directives}${body}`, variables: values.variables };
}

function surroundingsKey({ typeConditions, conditions }: SelectedField): string {
  if (typeConditions.length === 0 && conditions.length === 0) return '';
  return `${typeConditions.join(' ')}|${keyOf(conditions)}`;
}
