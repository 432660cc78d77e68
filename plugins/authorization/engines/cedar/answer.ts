import type { AuthorizationAnswer } from '@cedar-policy/cedar-wasm/nodejs';
import type { PolicyDecision } from '../../policy-engine.ts';
import { decisionOf, failed } from '../decisions.ts';
import { placeIn } from './policy-sets.ts';

/**
 * Cedar leaves out a policy that it cannot evaluate, a `forbid` too, and decides by the others: what comes with errors
 * is no decision. Their messages may repeat a claim or an argument; the text of the policy does not.
 */
export function decisionIn(answer: AuthorizationAnswer, text: string): PolicyDecision {
  if (answer.type === 'failure') return failed('Cedar refused the question');
  const { decision, diagnostics } = answer.response;
  const [first] = diagnostics.errors;
  if (first) return failed(`${first.policyId} could not be evaluated${placeIn(text, first.error)}`);
  return decisionOf(decision === 'allow');
}
