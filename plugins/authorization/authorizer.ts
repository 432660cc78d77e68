import { GraphQLError, type ExecutionArgs, type GraphQLSchema } from 'graphql';
import type { Logger } from '@graphql-hive/gateway';
import {
  ANONYMOUS,
  type AuthorizeAgain,
  type DataDecisions,
  type GatehouseContext,
  type Principal,
} from '../request-context.ts';
import type { AddedSelections } from './added-selections.ts';
import { dataRules } from './data-requirements.ts';
import {
  documentPlans,
  type Decision,
  type DeniedField,
  type DocumentPlan,
  type DocumentPlans,
} from './document-plan.ts';
import type { Needs } from './needs.ts';
import { decideOnData } from './on-data.ts';
import type { PolicyDecisions } from './policy-decisions.ts';
import {
  askPolicies,
  questionsOf,
  requestOf,
  type AskedOperation,
  type PolicyAnswers,
  type Questions,
} from './questions.ts';
import { visibleSchemas, type VisibleSchemas } from './visible-schema.ts';
import { operationIn } from './withhold.ts';

export interface AuthorizerOptions {
  readonly mode: 'filter' | 'reject';
  readonly dryRun: boolean;
  readonly hideUnauthorized: boolean;
  readonly needs: Needs;
  readonly decisions: PolicyDecisions;
  /** Told of each operation, and of each response that was decided on data. */
  onDecided(denied: readonly DeniedField[]): void;
  readonly log: Pick<Logger, 'info' | 'warn'> | undefined;
}

/** Why the operation is refused; undefined when it is not. */
type Refused = GraphQLError | undefined | Promise<GraphQLError | undefined>;

export interface Authorizer {
  /** Leaves what is withheld in the operation's context; gives the error when the operation is refused. */
  authorize(args: ExecutionArgs): Refused;
  /** How the operation, which was decided on, is decided on again. */
  again(args: ExecutionArgs): AuthorizeAgain;
  /** Reads what a schema asks for, and tells of policies that it leaves without what they need. */
  prepare(schema: GraphQLSchema): void;
}

interface SchemaRules {
  readonly planFor: DocumentPlans;
  readonly visibleTo: VisibleSchemas;
}

type OperationContext = GatehouseContext & {
  withheld?: GatehouseContext['withheld'];
  visibleSchema?: GatehouseContext['visibleSchema'];
  asksPolicies?: GatehouseContext['asksPolicies'];
  decidedUntil?: GatehouseContext['decidedUntil'];
};

export function authorizer(options: AuthorizerOptions): Authorizer {
  const { mode, dryRun, needs, decisions, onDecided, log } = options;
  const hidesSchema = options.hideUnauthorized && !dryRun;
  const bySchema = new WeakMap<GraphQLSchema, SchemaRules>();

  function rulesOf(schema: GraphQLSchema): SchemaRules {
    const known = bySchema.get(schema);
    if (known) return known;
    const onData = dataRules(schema, needs, (policy, reason) =>
      log?.warn({ policy, reason }, 'A policy cannot have what it needs, and is denied'),
    );
    const rules = {
      planFor: documentPlans(schema, onData, dryRun),
      visibleTo: visibleSchemas(schema, needs, decisions),
    };
    bySchema.set(schema, rules);
    return rules;
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

  function decisionsOn(added: AddedSelections, questions: Questions, answers: PolicyAnswers): DataDecisions {
    return {
      prefix: added.prefix,
      neededFor: added.neededFor,
      async decide(found) {
        const kept = await decideOnData(found, added, questions, answers, decisions);
        const denied = kept.filter((one) => one !== undefined);
        onDecided(denied);
        if (dryRun) return found.map(() => true);
        if (denied.length > 0 && mode === 'reject') return refusal(questions.principal);
        return kept.map((one) => one === undefined);
      },
    };
  }

  /** With the decision on an operation some of which is guarded. */
  function authorizeGuarded(plan: DocumentPlan, operation: AskedOperation, context: OperationContext): Refused {
    const { principal } = operation;
    if (!plan.asksPolicies) return conclude(plan.decide(principal), context);
    const withAnswers = (answers: PolicyAnswers): GraphQLError | undefined => {
      context.decidedUntil = answers.until;
      const decision = plan.decideWith(principal, answers);
      const onData = decision.added && decisionsOn(decision.added, questionsOf(operation), answers);
      return conclude(decision, context, onData);
    };
    const answers = askPolicies(plan, operation, decisions);
    return answers instanceof Promise ? answers.then(withAnswers) : withAnswers(answers);
  }

  function authorize({ schema, document, operationName, variableValues, contextValue }: ExecutionArgs): Refused {
    const { planFor, visibleTo } = rulesOf(schema);
    const plan = planFor(document, operationName);
    const context = contextValue as OperationContext;
    // After a reload an operation is executed once more, in the same context.
    context.withheld = undefined;
    context.visibleSchema = undefined;
    context.asksPolicies = plan.asksPolicies;
    context.decidedUntil = undefined;
    const introspects = hidesSchema && plan.introspects;
    const isGuarded = plan.guarded.length > 0;
    const definition = isGuarded || introspects ? operationIn(document, operationName) : undefined;
    if (!definition) return undefined;
    // Without `useAuthentication`, nobody is known.
    const { principal = ANONYMOUS, address = '' } = context;
    const operation = { schema, definition, variables: variableValues ?? {}, principal, address };
    if (!introspects) return authorizeGuarded(plan, operation, context);
    return visibleTo(principal, requestOf(operation)).then((visible) => {
      context.visibleSchema = visible;
      return isGuarded ? authorizeGuarded(plan, operation, context) : undefined;
    });
  }

  return {
    prepare: (schema) => void rulesOf(schema),

    authorize,
    again: (args) => (schema, principal) => {
      const { address } = args.contextValue as GatehouseContext;
      const context: OperationContext = { principal, address };
      const said = (error: GraphQLError | undefined) =>
        error
          ? ({ outcome: 'refused', error } as const)
          : ({ outcome: 'allowed', withheld: context.withheld, until: context.decidedUntil } as const);
      const refused = authorize({ ...args, schema, contextValue: context });
      return refused instanceof Promise ? refused.then(said) : said(refused);
    },
  };
}

function refusal(principal: Principal | undefined): GraphQLError {
  const isKnown = principal !== undefined && principal.kind !== 'anonymous';
  return isKnown
    ? new GraphQLError('You may not run this operation.', { extensions: { code: 'FORBIDDEN', http: { status: 403 } } })
    : new GraphQLError('A credential is needed.', { extensions: { code: 'UNAUTHENTICATED', http: { status: 401 } } });
}
