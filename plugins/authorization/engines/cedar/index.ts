import { resolve } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import type { EntityJson } from '@cedar-policy/cedar-wasm/nodejs';
import type { Logger } from '@graphql-hive/gateway';
import type { Principal } from '../../../request-context.ts';
import type { PolicyDecision, PolicyEngine, PolicyQuestion } from '../../policy-engine.ts';
import { failed, TOO_LATE } from '../decisions.ts';
import { decisionIn } from './answer.ts';
import { cedarCall, principalEntity } from './call.ts';
import { reloading } from './reloading.ts';
import { loadCedar } from './wasm.ts';

export interface CedarOptions {
  /** Of the files `<policy name>.cedar`. */
  readonly directory: string;
  /** Is told of files that changed, and of those that are broken. */
  readonly log?: Pick<Logger, 'info' | 'warn'> | undefined;
}

/** ms of work after which others have their turn: a question takes a tenth of one, and there may be hundreds. */
const SLICE = 5;

const UNKNOWN = Object.freeze(failed('there is no policy file of that name'));
const UNSAYABLE = Object.freeze(failed('its claims, arguments or resource cannot be said in Cedar'));

/**
 * Policies in Cedar (docs.cedarpolicy.com), one file for each policy name: `@policy(policies: [["owner"]])` asks
 * `owner.cedar`, and that file alone. A file is read again when it changes, and all questions of an operation are decided
 * by what was in force at one moment; one that is broken then leaves the old one in force, one that is deleted is gone. A folder or a file that
 * cannot be read when the gateway starts is an `Error` that names it. Replace files whole, by renaming: half of one may
 * well be a policy of its own.
 *
 * What a policy sees:
 * - `principal`, `Principal::"<id>"`: `id`, `kind`, `method`, `clientId`, `scopes`, `roles`, `claims`, `tier`;
 * - `action`: `Action::"query"`, `Action::"mutation"` or `Action::"subscription"`;
 * - `resource`, `Field::"Query.user"`, or `Field::"User"` for the policy of a type: what the policy needs of the object,
 *   if the route declares any (`needs`);
 * - `context`: `args`, and `request` with `operationName` and `address`.
 *
 * `clientId`, `tier`, `operationName`, any claim and any argument may be absent: ask `has` first, since one policy of the
 * file that cannot be evaluated is a failed decision. Lists are Sets, so that neither order nor repetition counts. Cedar
 * has no null and no fractions: null is `Null::"null"`, and a number that is not whole, or beyond 2^53, such as
 * `Number::"1.5"`, which equals itself and has no order.
 *
 * @example
 * // policies/owner.cedar
 * permit(principal, action, resource)
 * when { context.args has id && context.args.id == principal.id };
 *
 * cedarEngine({ directory: 'policies', log })
 */
export function cedarEngine({ directory, log }: CedarOptions): PolicyEngine {
  if (typeof directory !== 'string' || directory === '') throw new Error('cedarEngine: directory takes a path');
  const cedar = loadCedar();
  const { sets, stop } = reloading(cedar, resolve(directory), log);

  function decideOne(question: PolicyQuestion, principal: EntityJson | undefined): PolicyDecision {
    const set = sets.get(question.policy);
    if (!set) return UNKNOWN;
    const call = principal && cedarCall(question, principal);
    if (!call) return UNSAYABLE;
    return decisionIn(cedar.statefulIsAuthorized({ ...call, preparsedPolicySetId: set.id }), set.text);
  }

  /** Undefined when policies have changed meanwhile: what was decided before is by other ones. */
  async function decideAtOnce(
    questions: readonly PolicyQuestion[],
    signal: AbortSignal,
  ): Promise<readonly PolicyDecision[] | undefined> {
    const version = sets.version();
    const entities = new Map<Principal, EntityJson | undefined>();
    const decisions: PolicyDecision[] = [];
    let since = performance.now();
    for (const question of questions) {
      if (performance.now() - since > SLICE) {
        await turn();
        if (sets.version() !== version) return undefined;
        since = performance.now();
      }
      const { principal } = question;
      if (!entities.has(principal)) entities.set(principal, principalEntity(principal));
      decisions.push(signal.aborted ? TOO_LATE : decideOne(question, entities.get(principal)));
    }
    return decisions;
  }

  return {
    name: 'cedar',
    async decide(questions, signal) {
      for (;;) {
        const decisions = await decideAtOnce(questions, signal);
        if (decisions) return decisions;
      }
    },
    close: stop,
  };
}
