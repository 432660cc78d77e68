import type { PolicyEngine } from '../../policy-engine.ts';
import { outage } from '../decisions.ts';
import { decisionPoint, type DecisionPointOptions } from '../http/decision-point.ts';
import { askSayable } from '../http/sayable.ts';
import { decisionsIn, evaluationsRequest } from './evaluations.ts';

/** Below the URL of the decision point (section 10 of the specification). */
const PATH = '/access/v1/evaluations';

/**
 * Policies of a decision point that speaks AuthZEN (OpenID Authorization API 1.0), all questions of an operation in one
 * Access Evaluations request. Throws an `Error` that names the option and what it takes.
 *
 * - subject: `type` the principal's kind, `id`, and as properties `method`, `clientId`, `scopes`, `roles`, `claims`, `tier`;
 * - action: `name` the kind of the operation, and as property the name of the `policy`;
 * - resource: `type` `field`, `id` the coordinate (`Query.user`, or `User` for the policy of a type), and as properties
 *   `args` and, for a policy that needs some of the object, `resource`;
 * - context: `operationName`, `address`.
 *
 * An answer of another status than 200, of more than 1 MiB, with decisions that are none or are not as many as the
 * questions, is a failed decision; so is an evaluation with an error.
 *
 * @example
 * authzenEngine({ url: 'https://pdp.example.com', headers: { authorization: `Bearer ${process.env.PDP_TOKEN}` } })
 */
export function authzenEngine(options: DecisionPointOptions): PolicyEngine {
  const point = decisionPoint('authzenEngine', options);

  return {
    name: 'authzen',
    decide: (questions, signal) =>
      askSayable(questions, async (sayable) => {
        const answer = await point.ask(PATH, evaluationsRequest(sayable), signal);
        if ('json' in answer) return decisionsIn(answer.json, sayable.length);
        const decision = outage(`the decision point ${answer.failure}`);
        return sayable.map(() => decision);
      }),
    close: () => point.close(),
  };
}
