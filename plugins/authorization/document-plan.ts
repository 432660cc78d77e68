import { LRUCache } from 'lru-cache';
import { separateOperations, type DocumentNode, type FieldNode, type GraphQLSchema } from 'graphql';
import type { Principal, Withheld } from '../request-context.ts';
import { deniedBy, grantsOf, policiesIn, type Directive, type PolicyAnswer } from './grants.ts';
import { guardedFields, type GuardedField } from './guarded-fields.ts';
import { requirementsOf, type RequirementsOf } from './requirements.ts';
import { operationIn, withoutFields } from './withhold.ts';

export interface DeniedField {
  readonly coordinate: string;
  readonly directive: Directive;
}

/** What a principal gets of an operation. The same object for the same fields denied. */
export interface Decision {
  readonly denied: readonly DeniedField[];
  /** Undefined when nothing is denied. */
  readonly withheld: Withheld | undefined;
}

/** What of an operation is to be decided, found out once for each document. */
export interface DocumentPlan {
  /** Fields that a policy decides on. */
  readonly byPolicy: readonly (GuardedField & { readonly policies: readonly string[] })[];
  /** Whether anything is to be decided at all. */
  readonly isGuarded: boolean;
  /** The decision, when no policy has a part in it. */
  decide(principal: Principal): Decision;
  /** The decision with what policies say about each field. */
  decideWith(principal: Principal, allows: (field: GuardedField) => PolicyAnswer): Decision;
}

/** Gives the plan for the operation of a document that is valid by the schema. */
export type DocumentPlans = (document: DocumentNode, operationName: string | undefined | null) => DocumentPlan;

/** Decisions about one operation that are kept: principals differ in what they may see less than they differ. */
const MAX_DECISIONS = 100;

const EVERYTHING: Decision = { denied: [], withheld: undefined };
const MESSAGE = 'You may not see this field.';
const CODE = 'UNAUTHORIZED_FIELD_OR_TYPE';

export function documentPlans(schema: GraphQLSchema): DocumentPlans {
  const requirementsFor = requirementsOf(schema);
  const plans = new WeakMap<DocumentNode, Map<string, DocumentPlan>>();
  return (document, operationName) => {
    const byName = plans.get(document) ?? new Map<string, DocumentPlan>();
    plans.set(document, byName);
    const name = operationIn(document, operationName)?.name?.value ?? '';
    const plan = byName.get(name) ?? planOf(schema, document, name, requirementsFor);
    byName.set(name, plan);
    return plan;
  };
}

function planOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string,
  requirementsFor: RequirementsOf,
): DocumentPlan {
  const guarded = guardedFields(schema, separateOperations(document)[operationName] ?? document, requirementsFor);
  const byGrants = new LRUCache<string, Decision>({ max: MAX_DECISIONS });
  const byFields = new LRUCache<string, Decision>({ max: MAX_DECISIONS });

  function decideWith(principal: Principal, allows: (field: GuardedField) => PolicyAnswer): Decision {
    const found = guarded.map((field) => deniedBy(field.requirements, principal, allows(field)));
    const key = found.map((directive) => directive?.[0] ?? '-').join('');
    const known = byFields.get(key) ?? decisionFor(document, guarded, found);
    byFields.set(key, known);
    return known;
  }

  return {
    isGuarded: guarded.length > 0,
    byPolicy: guarded.flatMap((field) => {
      const policies = policiesIn(field.requirements);
      return policies.length > 0 ? [{ ...field, policies }] : [];
    }),
    decide(principal) {
      const grants = grantsOf(principal);
      const known = byGrants.get(grants) ?? decideWith(principal, () => () => false);
      byGrants.set(grants, known);
      return known;
    },
    decideWith,
  };
}

function decisionFor(
  document: DocumentNode,
  guarded: readonly GuardedField[],
  found: readonly (Directive | undefined)[],
): Decision {
  const fields = new Set<FieldNode>();
  const denied: DeniedField[] = [];
  for (const [index, { node, coordinate }] of guarded.entries()) {
    const directive = found[index];
    if (!directive) continue;
    fields.add(node);
    denied.push({ coordinate, directive });
  }
  if (fields.size === 0) return EVERYTHING;
  return { denied, withheld: { document: withoutFields(document, fields), fields, code: CODE, message: MESSAGE } };
}
