import { getArgumentValues, valueFromASTUntyped, type ConstDirectiveNode } from 'graphql';
import type { SelectedField } from '../../operation/index.ts';
import { filled } from '../tags/cache-tag.ts';
import { isValues } from '../tags/objects.ts';
import type { Invalidation } from '../tags/tag.ts';

type Values = Readonly<Record<string, unknown>>;

const DIRECTIVE = /(?:^|__)cacheInvalidate$/;

/**
 * What the fields of a mutation say with `@cacheInvalidate(type, key, tag)` that they change: a tag, all of a type, or
 * one of it by its key, which is JSON. In a tag and in the texts of a key, `{$args.id}` stands for an argument.
 *
 * @param onProblem told of a directive that cannot be followed
 */
export function mutationHints(
  selection: readonly SelectedField[],
  variables: Values,
  onProblem: (coordinate: string, problem: string) => void,
): readonly Invalidation[] {
  return selection.flatMap((field) => {
    const directives = (field.definition.astNode?.directives ?? []).filter(({ name }) => DIRECTIVE.test(name.value));
    if (directives.length === 0) return [];
    const given = argumentsOf(field, variables);
    return directives.flatMap((directive) => {
      const invalidation = followed(directive, given);
      if (typeof invalidation !== 'string') return [invalidation];
      onProblem(`Mutation.${field.name}`, invalidation);
      return [];
    });
  });
}

function argumentsOf({ definition, origins }: SelectedField, variables: Values): Values {
  const [origin] = origins;
  try {
    return origin ? getArgumentValues(definition, origin.node, variables) : {};
  } catch {
    // The field was not executed.
    return {};
  }
}

/** A text says what is wrong. */
function followed({ arguments: args = [] }: ConstDirectiveNode, given: Values): Invalidation | string {
  const { type, key, tag } = Object.fromEntries(
    args.map(({ name, value }) => [name.value, valueFromASTUntyped(value)]),
  ) as Values;
  const fill = (format: string): string | undefined => filled(format, '$args', (path) => argumentAt(path, given));
  if (typeof tag === 'string') {
    const name = fill(tag);
    return name === undefined
      ? `its tag "${tag}" needs an argument that is no text or number`
      : { kind: 'tag', tag: name };
  }
  if (typeof type !== 'string') return 'it takes a type or a tag';
  if (typeof key !== 'string') return { kind: 'type', type };
  const values = keyOf(key, fill);
  return values ? { kind: 'entity', type, key: values } : `its key ${key} takes JSON such as {"id": "{$args.id}"}`;
}

function argumentAt(path: readonly string[], given: Values): unknown {
  let value: unknown = given;
  for (const name of path) value = isValues(value) ? value[name] : undefined;
  return value ?? '';
}

/** Filled in after it is parsed, so that no argument can be more than a text. */
function keyOf(text: string, fill: (format: string) => string | undefined): Values | undefined {
  try {
    const key: unknown = JSON.parse(text, (_, value: unknown) => {
      if (typeof value !== 'string') return value;
      const whole = fill(value);
      if (whole === undefined) throw new TypeError('no text');
      return whole;
    });
    return isValues(key) && Object.keys(key).length > 0 ? key : undefined;
  } catch {
    return undefined;
  }
}
