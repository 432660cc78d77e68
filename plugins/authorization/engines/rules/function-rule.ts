import type { PolicyDecision, PolicyQuestion } from '../../policy-engine.ts';
import { decisionOf, failed } from '../decisions.ts';

export type RuleAnswer = boolean | PolicyDecision;

/** A rule in TypeScript. What it throws, and whatever else it gives, is a failed decision. */
export type FunctionRule = (question: PolicyQuestion, signal: AbortSignal) => RuleAnswer | Promise<RuleAnswer>;

const BROKEN = Object.freeze(failed('the rule threw'));
const NO_ANSWER = Object.freeze(failed('the rule gave neither a boolean nor a decision'));

/** Asks the rule; neither throws nor rejects. */
export function askFunction(
  rule: FunctionRule,
  question: PolicyQuestion,
  signal: AbortSignal,
): PolicyDecision | Promise<PolicyDecision> {
  try {
    const answer = rule(question, signal);
    return isPromise(answer) ? answer.then(checkedAnswer, () => BROKEN) : checkedAnswer(answer);
  } catch {
    return BROKEN;
  }
}

function isPromise<Value>(value: Value | Promise<Value>): value is Promise<Value> {
  return typeof (value as Partial<Promise<Value>> | undefined)?.then === 'function';
}

/** Rules may be written in JavaScript. */
function checkedAnswer(answer: unknown): PolicyDecision {
  if (typeof answer === 'boolean') return decisionOf(answer);
  if (typeof answer !== 'object' || answer === null) return NO_ANSWER;
  const { outcome, ttl, reason } = answer as Record<string, unknown>;
  switch (outcome) {
    case 'allow':
    case 'deny':
      return ttl === undefined || (typeof ttl === 'number' && ttl >= 0) ? { outcome, ttl } : NO_ANSWER;
    case 'failed':
      return typeof reason === 'string' ? failed(reason) : NO_ANSWER;
    default:
      return NO_ANSWER;
  }
}
