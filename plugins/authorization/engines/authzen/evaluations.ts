import type { PolicyDecision, PolicyQuestion } from '../../policy-engine.ts';
import { decisionOf, failed } from '../decisions.ts';
import { factsOf } from '../principal-facts.ts';

/**
 * The body of an Access Evaluations request (Authorization API 1.0, section 7.1). What all questions share stands once,
 * as a default: of two hundred of one operation each says its field and no more.
 */
export function evaluationsRequest(questions: readonly PolicyQuestion[]): Record<string, unknown> {
  const subject = shared(questions, ({ principal }) => principal, subjectOf);
  const action = shared(questions, ({ action: { kind }, policy }) => JSON.stringify([kind, policy]), actionOf);
  const context = shared(questions, ({ request }) => JSON.stringify(request), contextOf);
  return {
    ...(subject && { subject }),
    ...(action && { action }),
    ...(context && { context }),
    options: { evaluations_semantic: 'execute_all' },
    evaluations: questions.map((question) => ({
      ...(subject ? {} : { subject: subjectOf(question) }),
      ...(action ? {} : { action: actionOf(question) }),
      ...(context ? {} : { context: contextOf(question) }),
      resource: resourceOf(question),
    })),
  };
}

function shared<Part>(
  questions: readonly PolicyQuestion[],
  identity: (question: PolicyQuestion) => unknown,
  part: (question: PolicyQuestion) => Part,
): Part | undefined {
  const [first] = questions;
  if (!first) return undefined;
  const sameAs = identity(first);
  return questions.every((question) => identity(question) === sameAs) ? part(first) : undefined;
}

function subjectOf({ principal }: PolicyQuestion): object {
  const { id, kind, ...properties } = factsOf(principal);
  return { type: kind, id, properties };
}

function actionOf({ action, policy }: PolicyQuestion): object {
  return { name: action.kind, properties: { policy } };
}

function resourceOf({ action, args, resource }: PolicyQuestion): object {
  const properties = resource ? { args, resource } : { args };
  return { type: 'field', id: action.coordinate, properties };
}

function contextOf({ request }: PolicyQuestion): object {
  return request;
}

const NO_DECISION = Object.freeze(failed('the decision point gave something that is not a decision'));
const IN_ERROR = Object.freeze(failed('the decision point gave an error in place of a decision'));

/**
 * The decisions in an Access Evaluations response (section 7.2), in order. Nothing but their place says what they are
 * about: with more or fewer than were asked for none of them counts.
 */
export function decisionsIn(response: unknown, count: number): readonly PolicyDecision[] {
  const { evaluations } = (response ?? {}) as { evaluations?: unknown };
  if (!Array.isArray(evaluations)) return Array.from({ length: count }, () => NO_DECISION);
  if (evaluations.length !== count) {
    const miscounted = failed(`the decision point gave ${evaluations.length} decisions for ${count} questions`);
    return Array.from({ length: count }, () => miscounted);
  }
  return evaluations.map(decisionIn);
}

function decisionIn(evaluation: unknown): PolicyDecision {
  const { decision, context } = (evaluation ?? {}) as { decision?: unknown; context?: { error?: unknown } | null };
  if (typeof decision !== 'boolean') return NO_DECISION;
  // An error in one evaluation closes it (section 7.2.1).
  if (context?.error !== undefined) return IN_ERROR;
  return decisionOf(decision);
}
