import type { PolicyDecision, PolicyEngine, PolicyQuestion } from '../../policy-engine.ts';
import { failed, outage } from '../decisions.ts';
import { decisionPoint, type DecisionPointOptions } from '../http/decision-point.ts';
import { askSayable } from '../http/sayable.ts';
import { batchesOf, decisionsIn, inputOf, type OpaBatch } from './document.ts';
import { documentPath, isDocument } from './path.ts';

export interface OpaOptions extends DecisionPointOptions {
  /** By the name of a policy: the document that decides, below `data`. Default: `gatehouse/<policy>/allow`. */
  readonly documents?: Readonly<Record<string, string>> | undefined;
}

/**
 * Policies of an Open Policy Agent, by its Data API (openpolicyagent.org/docs/rest-api): all questions of one policy in
 * one request, those of several policies at the same time. Throws an `Error` that names the option and what it takes.
 *
 * `input` has `policy`; `principal` with `id`, `kind`, `method`, `clientId`, `scopes`, `roles`, `claims` and `tier`;
 * `request` with `operationName` and `address`; and `questions`, each with `action` (`kind`, `coordinate`), `args`
 * and, for a policy that needs some of the object, `resource`.
 * The document is the set of the positions of the questions that are allowed, from 0. A question that is not in it is
 * denied; so are all when OPA does not know the document, or cannot evaluate it. An answer of another status than 200,
 * of more than 1 MiB, or with anything but a list of positions is a failed decision.
 *
 * @example
 * // For `@policy(policies: [["owner"]])`:
 * package gatehouse.owner
 *
 * allow contains position if {
 *   some position, question in input.questions
 *   question.args.id == input.principal.id
 * }
 *
 * opaEngine({ url: 'http://127.0.0.1:8181' })
 */
export function opaEngine(options: OpaOptions): PolicyEngine {
  const documents = new Map(Object.entries(options.documents ?? {}));
  for (const [policy, document] of documents) {
    if (!isDocument(document)) throw new Error(`opaEngine: documents.${policy} takes a path such as team/policy/allow`);
  }
  const point = decisionPoint('opaEngine', options);

  async function decideBatch(batch: OpaBatch, signal: AbortSignal): Promise<readonly PolicyDecision[]> {
    const [{ policy }] = batch;
    const document = documents.get(policy) ?? `gatehouse/${policy}/allow`;
    if (!isDocument(document)) return batch.map(() => failed('the name of the policy is not one of a document'));
    const answer = await point.ask(documentPath(document), { input: inputOf(batch) }, signal);
    if ('json' in answer) return decisionsIn(answer.json, batch.length);
    return batch.map(() => outage(`OPA ${answer.failure}`));
  }

  async function ask(questions: readonly PolicyQuestion[], signal: AbortSignal): Promise<readonly PolicyDecision[]> {
    const batches = batchesOf(questions);
    const decided = await Promise.all(batches.map((batch) => decideBatch(batch, signal)));
    const decisions = new Map(
      batches.flatMap((batch, which) => batch.map((question, index) => [question, decided[which]?.[index]] as const)),
    );
    return questions.map((question) => decisions.get(question) ?? failed('OPA gave no decision'));
  }

  return {
    name: 'opa',
    decide: (questions, signal) => askSayable(questions, (sayable) => ask(sayable, signal)),
    close: () => point.close(),
  };
}
