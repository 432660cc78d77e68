import type { PolicyDecision, PolicyEngine, PolicyQuestion } from '../../policy-engine.ts';
import { failed, TOO_LATE } from '../decisions.ts';
import { compileCel } from './cel.ts';
import { askFunction, type FunctionRule } from './function-rule.ts';
import { untilAborted } from './until-aborted.ts';

export type { FunctionRule, RuleAnswer } from './function-rule.ts';

export interface RulesOptions {
  /** By the name of the policy: a CEL expression, or a function. */
  readonly rules: Readonly<Record<string, string | FunctionRule>>;
}

type Rule = (question: PolicyQuestion, signal: AbortSignal) => PolicyDecision | Promise<PolicyDecision>;

const UNKNOWN = Object.freeze(failed('there is no rule for the policy'));

/**
 * Policies as rules in the configuration itself: CEL expressions (github.com/google/cel-spec), checked here and compiled
 * once, or functions. Throws an `Error` that names the rule, and says what is wrong and where.
 *
 * An expression sees
 * - `principal`: `id`, `kind`, `method`, `clientId`, `scopes`, `roles`, `claims`, `tier`;
 * - `action`: `kind` (`query`, `mutation` or `subscription`), `coordinate`;
 * - `args`, the arguments of the field;
 * - `resource`, what the policy needs of the object, if the route declares any (`needs`);
 * - `request`: `operationName`, `address`.
 *
 * It must give a boolean. `clientId`, `tier`, `operationName`, any claim and any argument may be absent: to read what is
 * absent is a failed decision, to ask `has(principal.tier)` is not. Numbers in claims and arguments are doubles: they
 * compare with whole numbers, and calculate with others like `1.0`. An object that has a key `constructor` cannot be
 * evaluated. Nothing interrupts an expression: one that compares each item of a client's list with all the others, or
 * a client's text with a pattern that backtracks, takes its time.
 *
 * @example
 * rulesEngine({
 *   rules: {
 *     owner: 'has(args.id) && args.id == principal.id',
 *     support: '"support" in principal.roles || (has(principal.tier) && principal.tier == "gold")',
 *     office: async ({ request }) => isOffice(request.address),
 *   },
 * })
 */
export function rulesEngine({ rules }: RulesOptions): PolicyEngine {
  if (typeof rules !== 'object' || rules === null) throw new Error('rulesEngine: rules takes an object');
  const compiled = new Map(Object.entries(rules).map(([policy, rule]) => [policy, ruleOf(policy, rule)]));

  return {
    name: 'rules',
    decide(questions, signal) {
      const decisions = questions.map((question) => compiled.get(question.policy)?.(question, signal) ?? UNKNOWN);
      // Without a promise where none is needed.
      return decisions.every(isDecided) ? decisions : untilAborted<PolicyDecision>(decisions, TOO_LATE, signal);
    },
  };
}

function ruleOf(policy: string, rule: string | FunctionRule): Rule {
  switch (typeof rule) {
    case 'function':
      return (question, signal) => askFunction(rule, question, signal);
    case 'string':
      try {
        return compileCel(rule);
      } catch (cause) {
        throw new Error(`rulesEngine: rules.${policy} is wrong: ${(cause as Error).message}`, { cause });
      }
    default:
      throw new Error(`rulesEngine: rules.${policy} takes a CEL expression or a function`);
  }
}

function isDecided(decision: PolicyDecision | Promise<PolicyDecision>): decision is PolicyDecision {
  return 'outcome' in decision;
}
