import type { FoundData, NeededData } from '../request-context.ts';
import type { AddedSelections, OpenQuestion } from './added-selections.ts';
import type { DeniedField } from './document-plan.ts';
import { deniedBy, type PolicyAnswer } from './grants.ts';
import type { PolicyDecisions } from './policy-decisions.ts';
import type { PolicyQuestion, Resource } from './policy-engine.ts';
import type { PolicyAnswers, Questions } from './questions.ts';

/**
 * Decides about what was found in one response: all that is to be asked in one call, and what is equal once.
 *
 * @param all what has to be decided on
 * @param before what policies have said that do not wait for data
 * @returns for each, in order, what keeps it from the client; undefined when nothing does
 */
export async function decideOnData(
  all: readonly FoundData[],
  added: AddedSelections,
  questions: Questions,
  before: PolicyAnswers,
  decide: PolicyDecisions,
): Promise<readonly (DeniedField | undefined)[]> {
  const asked: PolicyQuestion[] = [];
  const places = new Map<NeededData | string, Map<string, number>>();

  function place(needed: NeededData, open: OpenQuestion, policy: string, resource: Resource): number | undefined {
    const question = questionAbout(open, policy, resource, questions);
    if (!question) return undefined;
    // An object is the same in whichever field it stands; a field has arguments.
    const scope = open.of === 'value' ? open.typeName : needed;
    const known = places.get(scope) ?? new Map<string, number>();
    places.set(scope, known);
    const key = JSON.stringify([policy, resource]);
    const at = known.get(key) ?? asked.push(question) - 1;
    known.set(key, at);
    return at;
  }

  const pending = all.map(({ needed, data }) => {
    const open = added.questionOf(needed);
    const answers = new Map<string, number | undefined>();
    for (const [policy, part] of data) {
      answers.set(policy, open && part && place(needed, open, policy, part));
    }
    return { open, answers };
  });
  const { allowed } = asked.length > 0 ? await decide(asked) : NOTHING_ASKED;

  return pending.map(({ open, answers }) => {
    if (!open) return { coordinate: '', directive: 'policy' };
    const answer: PolicyAnswer = (policy) =>
      allowed[answers.get(policy) ?? -1] === true || before.of(open.field)(policy);
    const directive = deniedBy(open.requirements, questions.principal, answer);
    return directive && { coordinate: coordinateOf(open), directive };
  });
}

const NOTHING_ASKED = { allowed: [] };

function questionAbout(
  open: OpenQuestion,
  policy: string,
  resource: Resource,
  questions: Questions,
): PolicyQuestion | undefined {
  const question = questions.about(open.field, policy);
  if (!question) return undefined;
  const action = { ...question.action, coordinate: coordinateOf(open) };
  return { ...question, action, resource, ...(open.of === 'value' && { args: {} }) };
}

function coordinateOf({ of, typeName, field }: OpenQuestion): string {
  return of === 'value' ? typeName : `${typeName}.${field.node.name.value}`;
}
