import type { PolicyDecision, PolicyQuestion } from '../../policy-engine.ts';
import { decisionOf, failed } from '../decisions.ts';
import { factsOf } from '../principal-facts.ts';

/** Questions that one document answers: of one policy, one principal and one request. */
export type OpaBatch = readonly [PolicyQuestion, ...PolicyQuestion[]];

export function batchesOf(questions: readonly PolicyQuestion[]): readonly OpaBatch[] {
  const batches: [PolicyQuestion, ...PolicyQuestion[]][] = [];
  for (const question of questions) {
    const batch = batches.find(([first]) => belongsTo(first, question));
    if (batch) batch.push(question);
    else batches.push([question]);
  }
  return batches;
}

function belongsTo(first: PolicyQuestion, { policy, principal, request }: PolicyQuestion): boolean {
  return (
    first.policy === policy &&
    first.principal === principal &&
    first.request.operationName === request.operationName &&
    first.request.address === request.address
  );
}

/** The input document of a batch. */
export function inputOf(batch: OpaBatch): Record<string, unknown> {
  const [{ policy, principal, request }] = batch;
  return {
    policy,
    principal: factsOf(principal),
    request,
    questions: batch.map(({ action, args, resource }) => ({ action, args, ...(resource && { resource }) })),
  };
}

const NO_DECISION = Object.freeze(failed('OPA gave something that is not a list of positions'));

/**
 * The decisions in a response of the Data API: `result` lists the positions of the questions that are allowed. Without
 * a result the rule is not defined, and nothing is allowed.
 */
export function decisionsIn(response: unknown, count: number): readonly PolicyDecision[] {
  const all = (decision: PolicyDecision) => Array.from({ length: count }, () => decision);
  if (typeof response !== 'object' || response === null || Array.isArray(response)) return all(NO_DECISION);
  const { result } = response as { result?: unknown };
  if (result === undefined) return all(decisionOf(false));
  const isPosition = (position: unknown) =>
    Number.isInteger(position) && Number(position) >= 0 && Number(position) < count;
  if (!Array.isArray(result) || !result.every(isPosition)) return all(NO_DECISION);
  const allowed = new Set(result);
  return Array.from({ length: count }, (_, position) => decisionOf(allowed.has(position)));
}
