import { LRUCache } from 'lru-cache';
import { Kind, visit, type FieldNode } from 'graphql';
import type { Principal } from '../request-context.ts';
import type { GuardedField } from './guarded-fields.ts';
import type { PolicyAnswers } from './questions.ts';

/**
 * What policies have said about one operation, for as long as each of their answers is remembered: so that the questions
 * need not even be put together. Only for operations whose questions hang on the caller alone.
 */
export interface AnswerMemory {
  get(principal: Principal, address: string): PolicyAnswers | undefined;
  /** @param validFor ms */
  set(principal: Principal, address: string, answers: PolicyAnswers, validFor: number): void;
}

const MAX_PRINCIPALS = 1_000;
/** Of one principal; those without a credential are one. */
const MAX_ADDRESSES = 100;

interface Remembered {
  readonly answers: PolicyAnswers;
  /** On the clock of `performance.now()`. */
  readonly until: number;
}

export function answerMemory(): AnswerMemory {
  const byPrincipal = new LRUCache<Principal, LRUCache<string, Remembered>>({ max: MAX_PRINCIPALS });
  return {
    get(principal, address) {
      const remembered = byPrincipal.get(principal)?.get(address);
      return remembered && remembered.until > performance.now() ? remembered.answers : undefined;
    },
    set(principal, address, answers, validFor) {
      const byAddress = byPrincipal.get(principal) ?? new LRUCache<string, Remembered>({ max: MAX_ADDRESSES });
      byPrincipal.set(principal, byAddress);
      byAddress.set(address, { answers, until: performance.now() + validFor });
    },
  };
}

/** Whether the arguments of all fields that policies decide on are the same for all requests. */
export function hasFixedQuestions(guarded: readonly GuardedField[]): boolean {
  return guarded.every(({ node, policies }) => policies.length === 0 || !hasVariables(node));
}

function hasVariables({ arguments: args = [] }: FieldNode): boolean {
  let isFound = false;
  for (const argument of args) visit(argument, { [Kind.VARIABLE]: () => void (isFound = true) });
  return isFound;
}
