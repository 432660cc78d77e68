import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  isLeafType,
  isObjectType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
} from 'graphql';
import { policiesIn } from './grants.ts';
import { unmetNeed, type Needs } from './needs.ts';
import { requirementOf, type Requirement } from './requirements.ts';

/** What of a field is decided by policies on data, by the name of the type of the object that the data is of. */
export interface DataRequirements {
  /** Of objects that have the field: whether it may be seen. */
  readonly field: ReadonlyMap<string, readonly Requirement[]>;
  /** Of objects that the field gives: whether they may be seen. */
  readonly value: ReadonlyMap<string, readonly Requirement[]>;
  /** The policies that are left to the data, here or where the object itself was reached. */
  readonly policies: ReadonlySet<string>;
}

export interface DataRules {
  readonly needs: Needs;
  /** Undefined when nothing of the field is decided on data. */
  of(typeName: string, fieldName: string): DataRequirements | undefined;
}

/** Told of policies that cannot have what they need, each once: they are denied. */
export type NeedWitness = (policy: string, reason: string) => void;

/**
 * What the policies with `needs` decide in a schema. A directive on a field, or on the scalar or enum that it gives, is
 * decided on the object that has the field; one on an object type, on each object of the type, wherever it is reached.
 * Of an interface only what the object's own type asks for counts: composition has put there all that holds for it.
 */
export function dataRules(schema: GraphQLSchema, needs: Needs, witness: NeedWitness): DataRules {
  const roots = new Set([schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]);
  const known = new Map<string, DataRequirements | undefined>();
  const unmet = new Map<string, boolean>();

  function canHave(policy: string, type: GraphQLObjectType): boolean {
    const needed = needs.get(policy);
    if (!needed) return false;
    const key = `${policy} ${type.name}`;
    if (!unmet.has(key)) {
      const reason = unmetNeed(schema, needed, type);
      unmet.set(key, reason !== undefined);
      if (reason !== undefined) witness(policy, reason);
    }
    return unmet.get(key) === false;
  }

  const ofData = (requirements: readonly (Requirement | undefined)[]): readonly Requirement[] =>
    requirements.flatMap((one) => (one && policiesIn([one]).some((policy) => needs.has(policy)) ? [one] : []));

  function objectTypes(type: GraphQLNamedType): readonly GraphQLObjectType[] {
    if (isAbstractType(type)) return schema.getPossibleTypes(type);
    return isObjectType(type) ? [type] : [];
  }

  function read(typeName: string, fieldName: string): DataRequirements | undefined {
    const type = schema.getType(typeName);
    if (!isCompositeType(type) || !('getFields' in type)) return undefined;
    const field = new Map<string, readonly Requirement[]>();
    const value = new Map<string, readonly Requirement[]>();
    const policies = new Set<string>();

    function add(to: Map<string, readonly Requirement[]>, on: GraphQLObjectType, all: readonly Requirement[]): void {
      if (all.length === 0) return;
      to.set(on.name, all);
      for (const policy of policiesIn(all)) if (canHave(policy, on)) policies.add(policy);
    }

    for (const one of objectTypes(type)) {
      const definition = one.getFields()[fieldName];
      if (!definition) continue;
      const given = getNamedType(definition.type);
      const leaf = isLeafType(given) ? requirementOf(given.astNode) : undefined;
      add(field, one, ofData([requirementOf(definition.astNode), leaf]));
      // Decided where the object was reached; a root type is reached from nowhere.
      if (roots.has(one)) continue;
      for (const policy of policiesIn(ofData([requirementOf(one.astNode)]))) policies.add(policy);
    }
    const given = type.getFields()[fieldName]?.type;
    for (const one of given ? objectTypes(getNamedType(given)) : []) {
      add(value, one, ofData([requirementOf(one.astNode)]));
    }
    return field.size + value.size + policies.size > 0 ? { field, value, policies } : undefined;
  }

  function of(typeName: string, fieldName: string): DataRequirements | undefined {
    if (needs.size === 0) return undefined;
    const coordinate = `${typeName}.${fieldName}`;
    if (!known.has(coordinate)) known.set(coordinate, read(typeName, fieldName));
    return known.get(coordinate);
  }

  // What cannot be had is to be told when the schema comes, and not when somebody asks.
  for (const type of needs.size > 0 ? Object.values(schema.getTypeMap()).filter(isObjectType) : []) {
    for (const field of Object.keys(type.getFields())) of(type.name, field);
  }
  return { needs, of };
}
