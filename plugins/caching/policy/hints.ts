import { valueFromASTUntyped, type ConstDirectiveNode } from 'graphql';

export type CacheScope = 'PUBLIC' | 'PRIVATE';

/** What `@cacheControl`, or an option in its place, says of a field or a type. */
export interface CacheHint {
  /** s */
  readonly maxAge?: number | undefined;
  readonly scope?: CacheScope | undefined;
  /** The field is as its parent is, where it would have the default. */
  readonly inheritMaxAge?: boolean | undefined;
}

/** By `Type` and `Type.field`. They stand in place of the schema's own. */
export type CacheHints = Readonly<Record<string, CacheHint>>;

interface Definition {
  readonly directives?: readonly ConstDirectiveNode[] | undefined;
}

const DIRECTIVE = /(?:^|__)cacheControl$/;

/** The hint for a definition; undefined when there is none. */
export function hintFor(
  coordinate: string,
  definition: Definition | null | undefined,
  options: CacheHints,
): CacheHint | undefined {
  if (Object.hasOwn(options, coordinate)) return options[coordinate];
  const directive = definition?.directives?.find(({ name }) => DIRECTIVE.test(name.value));
  return directive && hintOf(directive);
}

function hintOf({ arguments: args = [] }: ConstDirectiveNode): CacheHint {
  const given = Object.fromEntries(args.map(({ name, value }) => [name.value, valueFromASTUntyped(value)]));
  const { maxAge, scope, inheritMaxAge } = given;
  return {
    maxAge: typeof maxAge === 'number' && maxAge >= 0 ? maxAge : undefined,
    scope: scope === 'PRIVATE' || scope === 'PUBLIC' ? scope : undefined,
    inheritMaxAge: inheritMaxAge === true,
  };
}

/** Throws an `Error` that names the hint that is wrong. */
export function checkHints(hints: CacheHints): void {
  for (const [coordinate, { maxAge, scope }] of Object.entries(hints)) {
    if (maxAge !== undefined && !(maxAge >= 0 && Number.isFinite(maxAge))) {
      throw new Error(`useCaching: hints["${coordinate}"].maxAge is ${maxAge}; it takes seconds from 0`);
    }
    if (scope !== undefined && scope !== 'PUBLIC' && scope !== 'PRIVATE') {
      throw new Error(`useCaching: hints["${coordinate}"].scope is ${String(scope)}; it takes "PUBLIC" or "PRIVATE"`);
    }
  }
}
