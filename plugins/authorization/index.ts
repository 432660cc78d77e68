import type { IncomingMessage } from 'node:http';
import type { GatewayPlugin, Logger } from '@graphql-hive/gateway';
import { GraphQLError, type ExecutionArgs, type GraphQLSchema } from 'graphql';
import { ANONYMOUS, type GatehouseContext, type Principal } from '../request-context.ts';
import { documentPlans, type Decision, type DocumentPlans } from './document-plan.ts';
import { authorizationMetrics, type AuthorizationMetrics } from './metrics.ts';
import { policyDecisions, type PolicyRoute } from './policy-decisions.ts';
import { askPolicies } from './questions.ts';
import { operationIn } from './withhold.ts';

export type { PolicyRoute } from './policy-decisions.ts';
export type { PolicyDecision, PolicyEngine, PolicyQuestion } from './policy-engine.ts';

export interface AuthorizationOptions {
  /**
   * `filter`: fields that the caller may not see are null, with an error, and the rest is answered. `reject`: an
   * operation with such a field is refused, whatever its `@skip` and `@include` say. Default: `filter`.
   */
  readonly mode?: 'filter' | 'reject';
  /** Decides, logs and counts, and lets everything pass. Default: false. */
  readonly dryRun?: boolean;
  /** Who decides on `@policy`. A policy that nobody decides is denied. Default: nobody. */
  readonly policies?: readonly PolicyRoute[];
  readonly log?: Pick<Logger, 'info' | 'warn'> | undefined;
}

interface OperationContext extends GatehouseContext {
  readonly req?: IncomingMessage;
  withheld?: GatehouseContext['withheld'];
}

/**
 * Keeps from each caller what `@authenticated`, `@requiresScopes` and `@policy` in the subgraphs' schemas keep from it.
 * Decided before the operation is planned: no subgraph is asked for a field that the caller does not get.
 *
 * Throws an `Error` that names the option when one is wrong.
 */
export function useAuthorization(options: AuthorizationOptions = {}): GatewayPlugin {
  const { mode = 'filter', dryRun = false, policies = [], log } = options;
  if (mode !== 'filter' && mode !== 'reject') {
    throw new Error(`useAuthorization: mode is ${JSON.stringify(mode)}; it takes "filter" or "reject"`);
  }
  const plansBySchema = new WeakMap<GraphQLSchema, DocumentPlans>();
  let metrics: AuthorizationMetrics | undefined;
  const decisions = policyDecisions(policies, (engine, reason) => {
    metrics?.failed(engine);
    log?.warn({ engine, reason }, 'A policy engine could not tell');
  });

  function plansFor(schema: GraphQLSchema): DocumentPlans {
    const plans = plansBySchema.get(schema) ?? documentPlans(schema);
    plansBySchema.set(schema, plans);
    return plans;
  }

  /** Answers with the error when the operation is refused. */
  function conclude(decision: Decision, context: OperationContext): GraphQLError | undefined {
    const { denied, withheld } = decision;
    if (!withheld) {
      metrics?.decided('none', 'allowed');
      return undefined;
    }
    for (const directive of new Set(denied.map((one) => one.directive))) metrics?.decided(directive, 'denied');
    if (dryRun) {
      log?.info({ denied }, 'Would have been denied');
      return undefined;
    }
    if (mode === 'reject') return refusal(context.principal);
    context.withheld = withheld;
    return undefined;
  }

  function authorize(args: ExecutionArgs, refuse: (error: GraphQLError) => void): void | Promise<void> {
    const { schema, document, operationName, variableValues } = args;
    const plan = plansFor(schema)(document, operationName);
    const context = args.contextValue as OperationContext;
    // After a reload an operation is executed once more, in the same context.
    context.withheld = undefined;
    if (!plan.isGuarded) return undefined;
    // Without `useAuthentication`, nobody is known.
    const { principal = ANONYMOUS } = context;
    const end = (decision: Decision): void => {
      const error = conclude(decision, context);
      if (error) refuse(error);
    };
    const definition = plan.byPolicy.length > 0 ? operationIn(document, operationName) : undefined;
    if (!definition) return end(plan.decide(principal));
    const operation = {
      schema,
      definition,
      variables: variableValues ?? {},
      principal,
      address: context.address ?? '',
    };
    return askPolicies(plan, operation, decisions).then((allows) => end(plan.decideWith(principal, allows)));
  }

  return {
    onYogaInit() {
      metrics ??= authorizationMetrics();
    },
    onExecute: ({ args, setResultAndStopExecution }) =>
      authorize(args, (error) => setResultAndStopExecution({ errors: [error] })),
    onSubscribe: ({ args, setResultAndStopExecution }) =>
      authorize(args, (error) => setResultAndStopExecution({ errors: [error] })),
    async onDispose() {
      for (const { engine } of policies) await engine.close?.();
    },
  };
}

function refusal(principal: Principal | undefined): GraphQLError {
  const isKnown = principal !== undefined && principal.kind !== 'anonymous';
  return isKnown
    ? new GraphQLError('You may not run this operation.', { extensions: { code: 'FORBIDDEN', http: { status: 403 } } })
    : new GraphQLError('A credential is needed.', { extensions: { code: 'UNAUTHENTICATED', http: { status: 401 } } });
}
