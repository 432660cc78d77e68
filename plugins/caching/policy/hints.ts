import { valueFromASTUntyped, type ConstDirectiveNode } from 'graphql';

export type CacheScope = 'PUBLIC' | 'PRIVATE';

/** What `@cacheControl`, or an option in its place, says of a field or a type. */
export interface CacheHint {
  /** How long it may be kept, in s. Default: as for what nobody says anything about. */
  readonly maxAge?: number | undefined;
  /** Whether it is the same for everyone. Default: `PUBLIC`. */
  readonly scope?: CacheScope | undefined;
  /** The field is as its parent is, where it would have the default. Default: false. */
  readonly inheritMaxAge?: boolean | undefined;
}

/** By `Type` and `Type.field`. They stand in place of the schema's own. */
export type CacheHints = Readonly<Record<string, CacheHint>>;

interface Definition {
  readonly directives?: readonly ConstDirectiveNode[] | undefined;
}

const DIRECTIVE = /(?:^|__)cacheControl$/;

/**
 * The hint for a definition; undefined when there is none. Where subgraphs say different things of what they share, the
 * supergraph has all of it, and the strictest counts.
 */
export function hintFor(
  coordinate: string,
  definition: Definition | null | undefined,
  options: CacheHints,
): CacheHint | undefined {
  if (Object.hasOwn(options, coordinate)) return options[coordinate];
  const directives = definition?.directives?.filter(({ name }) => DIRECTIVE.test(name.value)) ?? [];
  return directives.length > 0 ? directives.map(hintOf).reduce(stricter) : undefined;
}

function stricter(one: CacheHint, other: CacheHint): CacheHint {
  return {
    maxAge: least(one.maxAge, other.maxAge),
    scope: one.scope === 'PRIVATE' || other.scope === 'PRIVATE' ? 'PRIVATE' : (one.scope ?? other.scope),
    inheritMaxAge: one.inheritMaxAge === true && other.inheritMaxAge === true,
  };
}

function least(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
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
