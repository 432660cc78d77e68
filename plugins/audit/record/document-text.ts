import type { OperationProfile, SelectedField } from '../../operation/index.ts';

/**
 * What an operation asks for, in names of the schema alone: each value is `$_`, and there are no aliases. What is asked
 * for more than once in the same way stands there once. Undefined for what is too large to be written out.
 */
export function documentText({ kind, selection }: OperationProfile): string | undefined {
  return selection && `${kind}${selectionText(selection)}`;
}

function selectionText(fields: readonly SelectedField[]): string {
  return `{${[...new Set(fields.map(fieldText))].join(' ')}}`;
}

function fieldText({
  name,
  arguments: args,
  directives,
  conditions,
  typeConditions,
  origins,
  ...field
}: SelectedField) {
  const decided = conditions.map(({ wanted }) => (wanted ? '@include(if:$_)' : '@skip(if:$_)'));
  const others = directives.map((directive) => `@${directive.name.value}${argumentsText(directive.arguments ?? [])}`);
  const isComposite = origins.some(({ node }) => node.selectionSet);
  const own = isComposite ? selectionText(field.selections) : '';
  const text = `${name}${argumentsText(args)}${[...new Set(decided), ...others].join('')}${own}`;
  return typeConditions.reduceRight((inner, type) => `...on ${type}{${inner}}`, text);
}

function argumentsText(args: SelectedField['arguments']): string {
  if (args.length === 0) return '';
  const names = args.map(({ name }) => name.value).toSorted();
  return `(${names.map((name) => `${name}:$_`).join(',')})`;
}
