import type { Principal } from '../../../request-context.ts';
import type { PolicyDecision, PolicyQuestion } from '../../policy-engine.ts';
import { failed } from '../decisions.ts';
import { isExactInJson } from '../plain-value.ts';
import { factsOf } from '../principal-facts.ts';

const UNSAYABLE = Object.freeze(failed('its claims, arguments or resource cannot be said in JSON'));

/**
 * Asks about the questions that JSON can say, if there are any. The others have failed: what a decision point is told
 * must be what the subgraph will get.
 */
export async function askSayable(
  questions: readonly PolicyQuestion[],
  ask: (sayable: readonly PolicyQuestion[]) => Promise<readonly PolicyDecision[]>,
): Promise<readonly PolicyDecision[]> {
  const principals = new Map<Principal, boolean>();
  const isSayable = ({ principal, args, resource = {} }: PolicyQuestion): boolean => {
    const known = principals.get(principal) ?? isExactInJson(factsOf(principal));
    principals.set(principal, known);
    return known && isExactInJson(args) && isExactInJson(resource);
  };
  const sayable = questions.filter(isSayable);
  if (sayable.length === questions.length) return sayable.length === 0 ? [] : ask(sayable);
  const decisions = sayable.length === 0 ? [] : await ask(sayable);
  const decided = new Map(sayable.map((question, index) => [question, decisions[index]]));
  return questions.map((question) => decided.get(question) ?? UNSAYABLE);
}
