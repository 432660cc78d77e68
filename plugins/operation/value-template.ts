import type { JsonValue } from './json.ts';

/** What a request makes a value of: as JSON, in the one form that all equal values have. */
export type ValueTemplate =
  | { readonly kind: 'constant'; readonly value: JsonValue }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'list'; readonly items: readonly ValueTemplate[] }
  | { readonly kind: 'object'; readonly fields: readonly (readonly [name: string, ValueTemplate])[] };

/** The value for given variables, as `canonicalJson` makes them; undefined when it is a variable that is not there. */
export function fill(template: ValueTemplate, variables: ReadonlyMap<string, JsonValue>): JsonValue | undefined {
  switch (template.kind) {
    case 'constant':
      return template.value;
    case 'variable':
      return variables.get(template.name);
    case 'list':
      return template.items.map((item) => fill(item, variables) ?? null);
    case 'object':
      return Object.fromEntries(
        template.fields.flatMap(([name, field]) => {
          const value = fill(field, variables);
          return value === undefined ? [] : [[name, value]];
        }),
      );
  }
}
