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

const NO_ARGUMENTS: Arguments = {};

export function questionsOf(operation: AskedOperation): Questions {
  const { schema, definition, variables, principal } = operation;
  const { variableDefinitions = [] } = definition;
  const coerced =
    variableDefinitions.length > 0 ? getVariableValues(schema, variableDefinitions, variables).coerced : {};
  const request = requestOf(operation);
  const known = new Map<FieldNode, Arguments | undefined>();

  function argsOf({ node, definition: field }: GuardedField): Arguments | undefined {
    if (field.args.length === 0) return coerced && NO_ARGUMENTS;
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

/** What policies say about the fields of an operation. */
export interface PolicyAnswers {
  of(field: GuardedField): PolicyAnswer;
  /** All of it: the same for the same answers about the same operation. */
  readonly key: string;
  /** Until when all of it is remembered, on the clock of `performance.now()`. */
  readonly until: number;
}

/** Asks for all policies that the fields of an operation name, at once; or remembers what they said. */
export function askPolicies(
  plan: DocumentPlan,
  operation: AskedOperation,
  decide: PolicyDecisions,
): PolicyAnswers | Promise<PolicyAnswers> {
  const { principal, address } = operation;
  return plan.memory?.get(principal, address) ?? askAnew(plan, operation, decide);
}

async function askAnew(plan: DocumentPlan, operation: AskedOperation, decide: PolicyDecisions): Promise<PolicyAnswers> {
  const questions = questionsOf(operation);
  const asked: PolicyQuestion[] = [];
  /** For each policy of each field, in order: where its answer is. */
  const places: number[] = [];
  for (const field of plan.guarded) {
    for (const policy of field.policies) {
      const question = questions.about(field, policy);
      places.push(question ? asked.push(question) - 1 : -1);
    }
  }
  const { allowed, validFor } = asked.length > 0 ? await decide(asked) : NOTHING_ASKED;
  let key = '';
  for (const place of places) key += allowed[place] === true ? '1' : '0';
  let byField: ReadonlyMap<GuardedField, ReadonlySet<string>> | undefined;
  const answers: PolicyAnswers = {
    key,
    until: asked.length > 0 ? performance.now() + validFor : Infinity,
    of(field) {
      byField ??= allowedPolicies(plan.guarded, key);
      const policies = byField.get(field);
      return (policy) => policies?.has(policy) === true;
    },
  };
  if (validFor > 0) plan.memory?.set(operation.principal, operation.address, answers, validFor);
  return answers;
}

const NOTHING_ASKED = { allowed: [], validFor: 0 };

function allowedPolicies(
  guarded: readonly GuardedField[],
  key: string,
): ReadonlyMap<GuardedField, ReadonlySet<string>> {
  let place = 0;
  return new Map(guarded.map((field) => [field, new Set(field.policies.filter(() => key[place++] === '1'))]));
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
