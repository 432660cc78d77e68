import { getNamedType, isCompositeType, OperationTypeNode, type GraphQLObjectType } from 'graphql';
import type { OperationProfile, SelectedField } from '../../operation/index.ts';
import { hintFor, type CacheHints, type CacheScope } from './hints.ts';

/** For how long, and for whom, a response may be kept. */
export interface CachePolicy {
  /** s; 0: not at all. */
  readonly maxAge: number;
  readonly scope: CacheScope;
}

export interface CachePolicyOptions {
  /** Of root fields, and of fields that give objects, about which nothing is said, in s. */
  readonly defaultMaxAge: number;
  readonly hints: CacheHints;
}

type Variables = Readonly<Record<string, unknown>>;

/** Undefined when the operation is never kept. */
export type PolicyOf = (profile: OperationProfile, variables: Variables) => CachePolicy | undefined;

/** One field of a response: undefined for what says nothing of its own. */
interface FieldPolicy {
  readonly field: SelectedField;
  readonly maxAge: number | undefined;
  readonly scope: CacheScope | undefined;
  readonly within: readonly FieldPolicy[];
}

/**
 * The strictest of all that an operation reads, as Apollo Server computes it (`@cacheControl`): a field's own hint goes
 * before that of the type that it gives; without either, a root field and a field that gives objects have the default,
 * unless they inherit, and a leaf is as its parent. Where an object may be of several types, all of them count.
 */
export function cachePolicies({ defaultMaxAge, hints }: CachePolicyOptions): PolicyOf {
  const compiled = new WeakMap<OperationProfile, readonly FieldPolicy[]>();

  function compile(fields: readonly SelectedField[], isRoot: boolean): readonly FieldPolicy[] {
    return fields.flatMap((field): readonly FieldPolicy[] => {
      if (field.name.startsWith('__')) return [];
      const own = field.possibleTypes.map((type) => policyOn(type, field.name, isRoot));
      return [
        {
          field,
          maxAge: least(own.map(({ maxAge }) => maxAge)),
          scope: own.some(({ scope }) => scope === 'PRIVATE') ? 'PRIVATE' : own.find(({ scope }) => scope)?.scope,
          within: compile(field.selections, false),
        },
      ];
    });
  }

  function policyOn(
    type: GraphQLObjectType,
    name: string,
    isRoot: boolean,
  ): { maxAge: number | undefined; scope: CacheScope | undefined } {
    const definition = type.getFields()[name];
    const given = definition && getNamedType(definition.type);
    const ofType = given && isCompositeType(given) ? hintFor(given.name, given.astNode, hints) : undefined;
    const ofField = hintFor(`${type.name}.${name}`, definition?.astNode, hints);
    const maxAge = ofField?.maxAge ?? ofType?.maxAge;
    const scope = ofField?.scope ?? ofType?.scope;
    if (maxAge !== undefined) return { maxAge, scope };
    const inherits = ofField?.inheritMaxAge === true || ofType?.inheritMaxAge === true;
    const hasDefault = isRoot || (given !== undefined && isCompositeType(given) && !inherits);
    return { maxAge: hasDefault ? defaultMaxAge : undefined, scope };
  }

  return (profile, variables) => {
    if (profile.kind !== OperationTypeNode.QUERY || !profile.selection) return undefined;
    const fields = compiled.get(profile) ?? compile(profile.selection, true);
    compiled.set(profile, fields);
    let maxAge = Infinity;
    let scope: CacheScope = 'PUBLIC';
    const open = [...fields];
    for (let next = open.pop(); next; next = open.pop()) {
      if (!next.field.conditions.every(({ variable, wanted }) => variables[variable] !== !wanted)) continue;
      if (next.maxAge !== undefined) maxAge = Math.min(maxAge, next.maxAge);
      if (next.scope === 'PRIVATE') scope = 'PRIVATE';
      open.push(...next.within);
    }
    // Nothing but introspection and `__typename`.
    return maxAge === Infinity ? undefined : { maxAge, scope };
  };
}

function least(values: readonly (number | undefined)[]): number | undefined {
  const given = values.filter((value) => value !== undefined);
  return given.length > 0 ? Math.min(...given) : undefined;
}
