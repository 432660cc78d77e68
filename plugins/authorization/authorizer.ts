import { GraphQLError, type ExecutionArgs, type GraphQLSchema } from 'graphql';
import type { Logger } from '@graphql-hive/gateway';
import { ANONYMOUS, type DataDecisions, type GatehouseContext, type Principal } from '../request-context.ts';
import type { AddedSelections } from './added-selections.ts';
import { dataRules } from './data-requirements.ts';
import { documentPlans, type Decision, type DeniedField, type DocumentPlans } from './document-plan.ts';
import type { PolicyAnswer } from './grants.ts';
import type { GuardedField } from './guarded-fields.ts';
import type { Needs } from './needs.ts';
import { decideOnData } from './on-data.ts';
import type { PolicyDecisions } from './policy-decisions.ts';
import { askPolicies, questionsOf, type Questions } from './questions.ts';
import { operationIn } from './withhold.ts';

export interface AuthorizerOptions {
  readonly mode: 'filter' | 'reject';
  readonly dryRun: boolean;
  readonly needs: Needs;
  readonly decisions: PolicyDecisions;
  /** Told of each operation, and of each response that was decided on data. */
  onDecided(denied: readonly DeniedField[]): void;
  readonly log: Pick<Logger, 'info' | 'warn'> | undefined;
}

export interface Authorizer {
  /** Leaves what is withheld in the operation's context; gives the error when the operation is refused. */
  authorize(args: ExecutionArgs): GraphQLError | undefined | Promise<GraphQLError | undefined>;
  /** Reads what a schema asks for, and tells of policies that it leaves without what they need. */
  prepare(schema: GraphQLSchema): DocumentPlans;
}

type OperationContext = GatehouseContext & { withheld?: GatehouseContext['withheld'] };

export function authorizer({ mode, dryRun, needs, decisions, onDecided, log }: AuthorizerOptions): Authorizer {
  const plansBySchema = new WeakMap<GraphQLSchema, DocumentPlans>();

  function prepare(schema: GraphQLSchema): DocumentPlans {
    const known = plansBySchema.get(schema);
    if (known) return known;
    const rules = dataRules(schema, needs, (policy, reason) =>
      log?.warn({ policy, reason }, 'A policy cannot have what it needs, and is denied'),
    );
    const plans = documentPlans(schema, rules, dryRun);
    plansBySchema.set(schema, plans);
    return plans;
  }

  /** Leaves the denied fields out, or refuses. */
  function conclude(
    { denied, withheld }: Decision,
    context: OperationContext,
    onData?: DataDecisions,
  ): GraphQLError | undefined {
    // What the data tells is told then.
    if (denied.length > 0 || !onData) onDecided(denied);
    if (denied.length > 0 && mode === 'reject' && !dryRun) return refusal(context.principal);
    context.withheld = withheld && { ...withheld, onData };
    return undefined;
  }

  function decisionsOn(
    added: AddedSelections,
    questions: Questions,
    allows: (field: GuardedField) => PolicyAnswer,
  ): DataDecisions {
    return {
      prefix: added.prefix,
      neededFor: added.neededFor,
      async decide(found) {
        const kept = await decideOnData(found, added, questions, allows, decisions);
        const denied = kept.filter((one) => one !== undefined);
        onDecided(denied);
        if (dryRun) return found.map(() => true);
        if (denied.length > 0 && mode === 'reject') return refusal(questions.principal);
        return kept.map((one) => one === undefined);
      },
    };
  }

  return {
    prepare,

    authorize({ schema, document, operationName, variableValues, contextValue }) {
      const plan = prepare(schema)(document, operationName);
      const context = contextValue as OperationContext;
      // After a reload an operation is executed once more, in the same context.
      context.withheld = undefined;
      if (plan.guarded.length === 0) return undefined;
      // Without `useAuthentication`, nobody is known.
      const { principal = ANONYMOUS, address = '' } = context;
      const definition = plan.asksPolicies ? operationIn(document, operationName) : undefined;
      if (!definition) return conclude(plan.decide(principal), context);
      const questions = questionsOf({ schema, definition, variables: variableValues ?? {}, principal, address });
      return askPolicies(plan, questions, decisions).then((allows) => {
        const decision = plan.decideWith(principal, allows);
        return conclude(decision, context, decision.added && decisionsOn(decision.added, questions, allows));
      });
    },
  };
}

function refusal(principal: Principal | undefined): GraphQLError {
  const isKnown = principal !== undefined && principal.kind !== 'anonymous';
  return isKnown
    ? new GraphQLError('You may not run this operation.', { extensions: { code: 'FORBIDDEN', http: { status: 403 } } })
    : new GraphQLError('A credential is needed.', { extensions: { code: 'UNAUTHENTICATED', http: { status: 401 } } });
}
