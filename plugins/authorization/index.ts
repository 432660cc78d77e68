import type { GatewayPlugin, Logger } from '@graphql-hive/gateway';
import type { ExecutionArgs, ExecutionResult } from 'graphql';
import { traced } from '../account/index.ts';
import { authorizer } from './authorizer.ts';
import type { DeniedField } from './document-plan.ts';
import { engineReach, type EngineStatus } from './engine-reach.ts';
import { authorizationMetrics, type AuthorizationMetrics } from './metrics.ts';
import type { GatehouseContext } from '../request-context.ts';
import { parseNeeds } from './needs.ts';
import { policyDecisions, type PolicyRoute } from './policy-decisions.ts';

export type { PolicyRoute } from './policy-decisions.ts';
export type { PolicyDecision, PolicyEngine, PolicyQuestion, Resource } from './policy-engine.ts';

export interface AuthorizationOptions {
  /**
   * `filter`: fields that the caller may not see are null, with an error, and the rest is answered. `reject`: an
   * operation with such a field is refused, whatever its `@skip` and `@include` say; where it takes the data to know,
   * so is the answer. Default: `filter`.
   */
  readonly mode?: 'filter' | 'reject';
  /** Decides, logs and counts, and lets everything pass. Default: false. */
  readonly dryRun?: boolean;
  /** Introspection tells a caller of nothing that it may not see. Default: false. */
  readonly hideUnauthorized?: boolean;
  /** Who decides on `@policy`. A policy that nobody decides is denied. Default: nobody. */
  readonly policies?: readonly PolicyRoute[];
  readonly log?: Pick<Logger, 'info' | 'warn'> | undefined;
}

export interface AuthorizationPlugin extends GatewayPlugin {
  /** How it stands with each policy engine, as of the last time that it was asked. */
  status(): readonly EngineStatus[];
}

/**
 * Keeps from each caller what `@authenticated`, `@requiresScopes` and `@policy` in the subgraphs' schemas keep from it.
 * Decided before the operation is planned: no subgraph is asked for a field that the caller does not get. Only policies
 * with `needs` are decided when the data is there.
 *
 * Throws an `Error` that names the option when one is wrong.
 */
export function useAuthorization(options: AuthorizationOptions = {}): AuthorizationPlugin {
  const { mode = 'filter', dryRun = false, hideUnauthorized = false, policies = [], log } = options;
  if (mode !== 'filter' && mode !== 'reject') {
    throw new Error(`useAuthorization: mode is ${JSON.stringify(mode)}; it takes "filter" or "reject"`);
  }
  const needs = parseNeeds(Object.assign({}, ...policies.map((route) => route.needs)));
  let metrics: AuthorizationMetrics | undefined;

  function onDecided(denied: readonly DeniedField[]): void {
    if (denied.length === 0) return metrics?.decided('none', 'allowed');
    for (const directive of new Set(denied.map((one) => one.directive))) metrics?.decided(directive, 'denied');
    if (dryRun) log?.info({ denied }, 'Would have been denied');
  }

  const reach = engineReach(policies.map(({ engine }) => engine.name));
  const couldNotTell = (engine: string, reason: string): void => {
    metrics?.failed(engine);
    log?.warn({ engine, reason }, 'A policy engine could not tell');
  };
  const decisions = policyDecisions(policies, couldNotTell, reach.witness);
  const { authorize, again, prepare } = authorizer({
    mode,
    dryRun,
    hideUnauthorized,
    needs,
    decisions,
    onDecided,
    log,
  });

  interface Payload {
    readonly args: ExecutionArgs;
    setResultAndStopExecution(result: ExecutionResult): void;
  }
  /** Waits only where a policy is to be asked. */
  function beforeExecution({ args, setResultAndStopExecution }: Payload): void | Promise<void> {
    const end = (error: Awaited<ReturnType<typeof authorize>>): void => {
      if (error) setResultAndStopExecution({ errors: [error] });
    };
    const { account } = args.contextValue as GatehouseContext;
    const refused = traced(account, 'authorize', () => authorize(args));
    return refused instanceof Promise ? refused.then(end) : end(refused);
  }

  return {
    onYogaInit() {
      metrics ??= authorizationMetrics();
    },
    status: reach.status,

    onSchemaChange: ({ schema }) => prepare(schema),
    onExecute: beforeExecution,
    onSubscribe(payload) {
      const context = payload.args.contextValue as { authorizeAgain?: GatehouseContext['authorizeAgain'] };
      context.authorizeAgain = again(payload.args);
      return beforeExecution(payload);
    },
    async onDispose() {
      for (const { engine } of policies) await engine.close?.();
    },
  };
}
