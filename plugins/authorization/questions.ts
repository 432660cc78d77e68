import { getArgumentValues, getVariableValues, type GraphQLSchema, type OperationDefinitionNode } from 'graphql';
import type { Principal } from '../request-context.ts';
import type { DocumentPlan } from './document-plan.ts';
import type { PolicyAnswer } from './grants.ts';
import type { GuardedField } from './guarded-fields.ts';
import type { PolicyDecisions } from './policy-decisions.ts';
import type { PolicyQuestion } from './policy-engine.ts';

export interface AskedOperation {
  readonly schema: GraphQLSchema;
  readonly definition: OperationDefinitionNode;
  /** As the client sent them. */
  readonly variables: Readonly<Record<string, unknown>>;
  readonly principal: Principal;
  readonly address: string;
}

/** Asks for all policies that the fields of an operation name, at once, and gives what they say about each field. */
export async function askPolicies(
  plan: DocumentPlan,
  operation: AskedOperation,
  decide: PolicyDecisions,
): Promise<(field: GuardedField) => PolicyAnswer> {
  const { schema, definition, principal, address } = operation;
  const { coerced } = getVariableValues(schema, definition.variableDefinitions ?? [], operation.variables);
  const questions: PolicyQuestion[] = [];
  const places = new Map<GuardedField['node'], Map<string, number>>();
  for (const { node, coordinate, definition: field, policies } of plan.byPolicy) {
    const args = argumentsOf(field, node, coerced);
    const byPolicy = new Map<string, number>();
    places.set(node, byPolicy);
    // What cannot be executed shows nothing, and is refused later with its own error.
    if (!args) continue;
    const action = { kind: definition.operation, coordinate };
    const request = { operationName: definition.name?.value, address };
    for (const policy of policies) {
      byPolicy.set(policy, questions.push({ policy, principal, action, args, request }) - 1);
    }
  }
  const allowed = questions.length > 0 ? await decide(questions) : [];
  return ({ node }) =>
    (policy) =>
      allowed[places.get(node)?.get(policy) ?? -1] === true;
}

function argumentsOf(
  field: GuardedField['definition'],
  node: GuardedField['node'],
  variables: Readonly<Record<string, unknown>> | undefined,
): Readonly<Record<string, unknown>> | undefined {
  try {
    return variables && getArgumentValues(field, node, variables);
  } catch {
    return undefined;
  }
}
