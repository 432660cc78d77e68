import { LRUCache } from 'lru-cache';
import { BREAK, separateOperations, visit, type DocumentNode, type GraphQLSchema } from 'graphql';
import type { Principal, Withheld } from '../request-context.ts';
import { addedSelections, type AddedSelections } from './added-selections.ts';
import type { DataRules } from './data-requirements.ts';
import { answerMemory, hasFixedQuestions, type AnswerMemory } from './answer-memory.ts';
import { deniedBy, grantsOf, type Directive, type PolicyAnswer } from './grants.ts';
import { guardedFields, type GuardedField } from './guarded-fields.ts';
import type { PolicyAnswers } from './questions.ts';
import { requirementsOf } from './requirements.ts';
import { operationIn, rewritten } from './withhold.ts';

export interface DeniedField {
  readonly coordinate: string;
  readonly directive: Directive;
}

/** What a principal gets of an operation. The same object for the same fields denied. */
export interface Decision {
  readonly denied: readonly DeniedField[];
  /** Undefined when all of it is shown as it comes. */
  readonly withheld: Omit<Withheld, 'onData'> | undefined;
  /** What is decided when the data is there; undefined when nothing is. */
  readonly added: AddedSelections | undefined;
}

/** What of an operation is to be decided, found out once for each document. */
export interface DocumentPlan {
  readonly guarded: readonly GuardedField[];
  /** Whether any policy has a part in it. */
  readonly asksPolicies: boolean;
  readonly introspects: boolean;
  /** Undefined when what policies are asked is not the same for all requests of a caller. */
  readonly memory: AnswerMemory | undefined;
  /** The decision, when no policy has a part in it. */
  decide(principal: Principal): Decision;
  /** The decision with what policies say about the fields. */
  decideWith(principal: Principal, answers: PolicyAnswers): Decision;
}

/** Gives the plan for the operation of a document that is valid by the schema. */
export type DocumentPlans = (document: DocumentNode, operationName: string | undefined | null) => DocumentPlan;

/** Decisions about one operation that are kept: principals differ in what they may see less than they differ. */
const MAX_DECISIONS = 100;

const NO_ANSWERS: PolicyAnswers = { of: () => () => false, key: '', until: Infinity };

const MESSAGE = 'You may not see this field.';
const CODE = 'UNAUTHORIZED_FIELD_OR_TYPE';

/** What becomes of a field: a directive keeps it back, the data tells, or it is shown. */
type Status = Directive | 'open' | undefined;

/** @param keepsAll what is denied is told, and shown all the same */
export function documentPlans(schema: GraphQLSchema, dataRules: DataRules, keepsAll: boolean): DocumentPlans {
  const requirementsFor = requirementsOf(schema);
  const plans = new WeakMap<DocumentNode, Map<string, DocumentPlan>>();

  function planOf(document: DocumentNode, operationName: string): DocumentPlan {
    const operation = separateOperations(document)[operationName] ?? document;
    const guarded = guardedFields(schema, operation, requirementsFor, dataRules);
    const byGrants = new LRUCache<string, Decision>({ max: MAX_DECISIONS });
    const byFields = new LRUCache<string, Decision>({ max: MAX_DECISIONS });

    function decideWith(principal: Principal, answers: PolicyAnswers): Decision {
      const key = answers.key + grantsOf(principal);
      const known = byGrants.get(key) ?? decideAnew(principal, answers);
      byGrants.set(key, known);
      return known;
    }

    function decideAnew(principal: Principal, answers: PolicyAnswers): Decision {
      const found = guarded.map((field) => statusOf(field, principal, answers.of(field)));
      const key = found.map((status) => status?.[0] ?? '-').join('');
      const known = byFields.get(key) ?? decisionFor(document, guarded, found);
      byFields.set(key, known);
      return known;
    }

    return {
      guarded,
      memory: hasFixedQuestions(guarded) ? answerMemory() : undefined,
      introspects: selectsAny(operation, INTROSPECTION),
      asksPolicies: guarded.some(({ policies, data }) => policies.length > 0 || data),
      decide: (principal) => decideWith(principal, NO_ANSWERS),
      decideWith,
    };
  }

  function decisionFor(document: DocumentNode, guarded: readonly GuardedField[], found: readonly Status[]): Decision {
    const denied = guarded.flatMap(({ node, coordinate }, index) => {
      const status = found[index];
      return status && status !== 'open' ? [{ node, coordinate, directive: status }] : [];
    });
    const fields = new Set(keepsAll ? [] : denied.map(({ node }) => node));
    const open = guarded.filter((_, index) => found[index] === 'open');
    const added = open.length > 0 ? addedSelections(document, open, dataRules.needs) : undefined;
    const isWhole = fields.size === 0 && !added;
    return {
      denied: denied.map(({ coordinate, directive }) => ({ coordinate, directive })),
      withheld: isWhole
        ? undefined
        : { document: rewritten(document, fields, added), fields, code: CODE, message: MESSAGE },
      added,
    };
  }

  return (document, operationName) => {
    const byName = plans.get(document) ?? new Map<string, DocumentPlan>();
    plans.set(document, byName);
    const name = operationIn(document, operationName)?.name?.value ?? '';
    const plan = byName.get(name) ?? planOf(document, name);
    byName.set(name, plan);
    return plan;
  };
}

const INTROSPECTION = new Set(['__schema', '__type']);

function selectsAny(document: DocumentNode, names: ReadonlySet<string>): boolean {
  let isFound = false;
  visit(document, {
    Field({ name }) {
      isFound ||= names.has(name.value);
      return isFound ? BREAK : undefined;
    },
  });
  return isFound;
}

/** `allows` answers for policies that do not wait for data. */
function statusOf({ requirements, data }: GuardedField, principal: Principal, allows: PolicyAnswer): Status {
  const denied = deniedBy(requirements, principal, (policy) => data?.policies.has(policy) || allows(policy));
  if (denied || !data) return denied;
  const onData = [...data.field.values(), ...data.value.values()].flat();
  // What holds without any of the data's policies holds whatever they say.
  return deniedBy(onData, principal, allows) ? 'open' : undefined;
}
