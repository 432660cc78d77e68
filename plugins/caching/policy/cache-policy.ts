import { getNamedType, isCompositeType, type GraphQLNamedType, type GraphQLObjectType } from 'graphql';
import type { SelectedField } from '../../operation/index.ts';
import { hintFor, type CacheHints, type CacheScope } from './hints.ts';

/** For how long, and for whom, what is selected may be kept, as far as hints say. */
export interface CachePolicy {
  /** The least that a hint says, in s; undefined when none does. */
  readonly maxAge: number | undefined;
  /** Whether there is something about which no hint says how long. */
  readonly hasDefault: boolean;
  readonly scope: CacheScope;
}

type Variables = Readonly<Record<string, unknown>>;

export interface CachePolicies {
  /** Undefined for a query of nothing but introspection and `__typename`. */
  ofQuery(selection: readonly SelectedField[], variables: Variables): CachePolicy | undefined;
  /** Of what is selected on an entity, wherever that stands. */
  ofEntity(type: GraphQLNamedType, selection: readonly SelectedField[], variables: Variables): CachePolicy;
}

/** One field of a response: undefined for what says nothing of its own. */
interface FieldPolicy {
  readonly field: SelectedField;
  readonly maxAge: number | undefined;
  /** Whether it has, for one of its types at least, what all have about which nothing is said. */
  readonly hasDefault: boolean;
  readonly scope: CacheScope | undefined;
  readonly within: readonly FieldPolicy[];
}

/**
 * The strictest of all that is selected, as Apollo Server computes it (`@cacheControl`): a field's own hint goes before
 * that of the type that it gives; without either, a root field and a field that gives objects have the default, unless
 * they inherit, and a leaf is as its parent. Where an object may be of several types, all of them count.
 */
export function cachePolicies(hints: CacheHints): CachePolicies {
  const compiled = new WeakMap<readonly SelectedField[], readonly FieldPolicy[]>();

  function compile(fields: readonly SelectedField[], leafHasDefault: boolean): readonly FieldPolicy[] {
    return fields.flatMap((field): readonly FieldPolicy[] => {
      if (field.name.startsWith('__')) return [];
      const own = field.possibleTypes.map((type) => policyOn(type, field.name, leafHasDefault));
      return [
        {
          field,
          maxAge: least(own.map(({ maxAge }) => maxAge)),
          hasDefault: own.some(({ hasDefault }) => hasDefault),
          scope: own.some(({ scope }) => scope === 'PRIVATE') ? 'PRIVATE' : own.find(({ scope }) => scope)?.scope,
          within: compile(field.selections, false),
        },
      ];
    });
  }

  function policyOn(
    type: GraphQLObjectType,
    name: string,
    leafHasDefault: boolean,
  ): Pick<FieldPolicy, 'maxAge' | 'hasDefault' | 'scope'> {
    const definition = type.getFields()[name];
    const given = definition && getNamedType(definition.type);
    const ofType = given && isCompositeType(given) ? hintFor(given.name, given.astNode, hints) : undefined;
    const ofField = hintFor(`${type.name}.${name}`, definition?.astNode, hints);
    const maxAge = ofField?.maxAge ?? ofType?.maxAge;
    const scope = ofField?.scope ?? ofType?.scope;
    const inherits = ofField?.inheritMaxAge === true || ofType?.inheritMaxAge === true;
    const givesObjects = given !== undefined && isCompositeType(given);
    return { maxAge, hasDefault: maxAge === undefined && ((givesObjects && !inherits) || leafHasDefault), scope };
  }

  function strictest(fields: readonly FieldPolicy[], variables: Variables): CachePolicy {
    let maxAge: number | undefined;
    let hasDefault = false;
    let scope: CacheScope = 'PUBLIC';
    const open = [...fields];
    for (let next = open.pop(); next; next = open.pop()) {
      if (!next.field.conditions.every(({ variable, wanted }) => variables[variable] !== !wanted)) continue;
      hasDefault ||= next.hasDefault;
      maxAge = least([maxAge, next.maxAge]);
      if (next.scope === 'PRIVATE') scope = 'PRIVATE';
      open.push(...next.within);
    }
    return { maxAge, hasDefault, scope };
  }

  function compiledOf(selection: readonly SelectedField[], leafHasDefault: boolean): readonly FieldPolicy[] {
    const fields = compiled.get(selection) ?? compile(selection, leafHasDefault);
    compiled.set(selection, fields);
    return fields;
  }

  return {
    ofQuery(selection, variables) {
      const policy = strictest(compiledOf(selection, true), variables);
      return policy.maxAge === undefined && !policy.hasDefault ? undefined : policy;
    },

    ofEntity(type, selection, variables) {
      const own = hintFor(type.name, type.astNode, hints);
      const policy = strictest(compiledOf(selection, own?.maxAge === undefined), variables);
      return {
        maxAge: least([own?.maxAge, policy.maxAge]),
        hasDefault: policy.hasDefault,
        scope: own?.scope === 'PRIVATE' ? 'PRIVATE' : policy.scope,
      };
    },
  };
}

function least(values: readonly (number | undefined)[]): number | undefined {
  const given = values.filter((value) => value !== undefined);
  return given.length > 0 ? Math.min(...given) : undefined;
}
