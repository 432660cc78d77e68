import type { DocumentNode, GraphQLSchema } from 'graphql';
import type { FoundData, Principal } from '../request-context.ts';
import type { AddedSelections } from './added-selections.ts';
import { dataRules } from './data-requirements.ts';
import { documentPlans, type DeniedField } from './document-plan.ts';
import { parseNeeds } from './needs.ts';
import { decideOnData } from './on-data.ts';
import { policyDecisions, type PolicyRoute } from './policy-decisions.ts';
import type { Resource } from './policy-engine.ts';
import { askPolicies, questionsOf } from './questions.ts';
import { operationIn } from './withhold.ts';

export interface JudgedOperation {
  /** Valid by the schema. */
  readonly document: DocumentNode;
  readonly operationName?: string | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly principal: Principal;
  readonly address: string;
  /** By policy: what a policy that looks at data is given of every object. */
  readonly resources: Readonly<Record<string, Resource>>;
}

export interface Judgement {
  /** `Type.field`, or `Type` of an object: what the principal does not get, each once, sorted. */
  readonly denied: readonly string[];
  /** What engines could not tell, and needs that could not be met. */
  readonly problems: readonly string[];
}

/** Decides what a principal gets of an operation, without executing it: for teams that test their policies. */
export async function judgeOperation(
  schema: GraphQLSchema,
  policies: readonly PolicyRoute[],
  { document, operationName, variables, principal, address, resources }: JudgedOperation,
): Promise<Judgement> {
  const problems: string[] = [];
  const decide = policyDecisions(policies, (engine, reason) => void problems.push(`${engine}: ${reason}`));
  const needs = parseNeeds(Object.assign({}, ...policies.map((route) => route.needs)));
  const rules = dataRules(schema, needs, (policy, reason) => void problems.push(`${policy}: ${reason}`));
  const plan = documentPlans(schema, rules, false)(document, operationName);
  const definition = operationIn(document, operationName);
  if (!definition) throw new Error(`there is no operation "${operationName ?? ''}" in it`);
  const operation = { schema, definition, variables, principal, address };
  const questions = questionsOf(operation);
  const answers = await askPolicies(plan, operation, decide);
  const { denied, added } = plan.decideWith(principal, answers);
  const onData = added
    ? await decideOnData(suppose(added, resources, problems), added, questions, answers, decide)
    : [];
  const all = [...denied, ...onData].filter((one): one is DeniedField => one !== undefined);
  return { denied: [...new Set(all.map(({ coordinate }) => coordinate))].toSorted(), problems: [...new Set(problems)] };
}

/** One object for each question that data is to answer. */
function suppose(
  added: AddedSelections,
  resources: Readonly<Record<string, Resource>>,
  problems: string[],
): readonly FoundData[] {
  return added.needed.map((needed) => ({
    needed,
    data: new Map(
      [...needed.byPolicy.keys()].map((policy) => {
        if (!resources[policy]) problems.push(`resources.${policy} is missing: the policy needs it`);
        return [policy, resources[policy]];
      }),
    ),
  }));
}
