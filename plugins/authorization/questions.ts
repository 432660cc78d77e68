import {
  getArgumentValues,
  getVariableValues,
  type FieldNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
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

type Arguments = Readonly<Record<string, unknown>>;

/** What all questions about one execution of an operation have in common. */
export interface Questions {
  readonly principal: Principal;
  /** Undefined for a field that cannot be executed: it shows nothing, and is refused later with its own error. */
  about(field: GuardedField, policy: string): PolicyQuestion | undefined;
}

/** What policies are told of the request that an operation came with. */
export function requestOf({ definition, address }: AskedOperation): PolicyQuestion['request'] {
  return { operationName: definition.name?.value, address };
}

export function questionsOf(operation: AskedOperation): Questions {
  const { schema, definition, variables, principal } = operation;
  const { coerced } = getVariableValues(schema, definition.variableDefinitions ?? [], variables);
  const request = requestOf(operation);
  const known = new Map<FieldNode, Arguments | undefined>();

  function argsOf({ node, definition: field }: GuardedField): Arguments | undefined {
    if (!known.has(node)) known.set(node, argumentsOf(field, node, coerced));
    return known.get(node);
  }

  return {
    principal,
    about(field, policy) {
      const args = argsOf(field);
      const action = { kind: definition.operation, coordinate: field.coordinate };
      return args && { policy, principal, action, args, request };
    },
  };
}

/** Asks for all policies that the fields of an operation name, at once, and gives what they say about each field. */
export async function askPolicies(
  plan: DocumentPlan,
  questions: Questions,
  decide: PolicyDecisions,
): Promise<(field: GuardedField) => PolicyAnswer> {
  const asked: PolicyQuestion[] = [];
  const places = new Map<FieldNode, Map<string, number>>();
  for (const field of plan.guarded) {
    const byPolicy = new Map<string, number>();
    places.set(field.node, byPolicy);
    for (const policy of field.policies) {
      const question = questions.about(field, policy);
      if (question) byPolicy.set(policy, asked.push(question) - 1);
    }
  }
  const allowed = asked.length > 0 ? await decide(asked) : [];
  return ({ node }) =>
    (policy) =>
      allowed[places.get(node)?.get(policy) ?? -1] === true;
}

function argumentsOf(
  field: GuardedField['definition'],
  node: FieldNode,
  variables: Arguments | undefined,
): Arguments | undefined {
  try {
    return variables && getArgumentValues(field, node, variables);
  } catch {
    return undefined;
  }
}
