import type { ExecutionArgs, ExecutionResult } from 'graphql';
import { operationProfiles, type Cost, type OperationProfile } from '../operation/index.ts';
import {
  ANONYMOUS,
  type AdmitAgain,
  type AdmitEvent,
  type AdmittedAgain,
  type GatehouseContext,
  type OperationCosts,
} from '../request-context.ts';
import { admissions, type Admission } from './admission.ts';
import { createTokenStore } from './buckets/token-store.ts';
import { complexityChecks } from './complexity.ts';
import { fieldLimits } from './fields/index.ts';
import { rateLimitHeaders, type Standing } from './headers.ts';
import { limitMetrics, type LimitMetrics } from './metrics.ts';
import type { LimitsOptions } from './options.ts';
import { compilePolicies } from './policies/compiled-policy.ts';
import type { Caller } from './policies/policy.ts';
import { recentUsage, type Usage } from './recent-usage.ts';
import { thresholdEvent } from './threshold-event.ts';

/** An operation that may be executed. */
export interface AdmittedOperation {
  /** Settles what it cost, and adds that to the result when the client asks for it. */
  settle(result: ExecutionResult, setResult: (result: ExecutionResult) => void): void;
  /** Whether an event is within the limits; undefined where events are not limited. */
  readonly admitEvent: AdmitEvent | undefined;
}

export interface OperationLimiter {
  /** Ends the operation when it is beyond a limit; else gives the hooks for what comes of it. */
  begin<Hooks>(
    args: ExecutionArgs,
    end: (result: ExecutionResult) => void,
    hooks: (operation: AdmittedOperation) => Hooks,
  ): Hooks | undefined | Promise<Hooks | undefined>;
  headersFor(request: Request): Readonly<Record<string, string>>;
  usage(): readonly Usage[];
  close(): Promise<void>;
}

// Properties: a `WeakMap` costs several times as much, and again with each garbage collection. Of the context, one with a
// name: it has so many that V8 would make a dictionary of it for another symbol.
const STANDINGS = Symbol('standings');

type LimitedRequest = Request & {
  /** How it stands with each policy that applies. */
  [STANDINGS]?: readonly Standing[];
};

interface LimitedContext extends GatehouseContext {
  /** When its operation was admitted. */
  limitsAdmission?: Extract<Admission, { outcome: 'admitted' }>;
  readonly request?: LimitedRequest;
  readonly params?: { readonly extensions?: { readonly cost?: unknown } | null };
  cost?: OperationCosts;
  admitAgain?: AdmitAgain;
}

/** The reload of the schema ends an operation with it; the operation is then executed once more. */
const RELOADED = 'SCHEMA_RELOAD';

export function operationLimiter(options: LimitsOptions): OperationLimiter {
  const { store, policies = [], quotas = [], webhook, timeout, processes, leases, log } = options;
  const profiles = operationProfiles();
  const tokens = createTokenStore({
    store,
    ...(timeout !== undefined && { timeoutMs: timeout }),
    ...(processes !== undefined && { processes }),
    ...(leases && { leases }),
  });
  let made: LimitMetrics | undefined;
  const metrics = (): LimitMetrics => (made ??= limitMetrics());
  const usage = recentUsage();

  const checks = complexityChecks(options, ({ measure, actual, limit, mode }) => {
    metrics().exceeded(measure, mode === 'measure' ? 'measured' : 'refused');
    if (mode === 'measure')
      log?.info({ measure, actual, limit }, 'An operation is beyond a limit that is measured only');
  });
  const { admit, admitEvent, countsEvents } = admissions(compilePolicies(policies, quotas), tokens, {
    decided: (policy, outcome) => metrics().decided(policy, outcome),
    reached(policy, state, threshold) {
      const event = thresholdEvent(policy, state, threshold, new Date());
      metrics().reached(policy, threshold);
      log?.warn(event.data, 'A threshold of a quota was reached');
      webhook?.send(event);
    },
  });

  const limitsOfFields = fieldLimits(options.fields ?? [], (coordinate, problem) =>
    log?.warn({ coordinate, problem }, 'A @rateLimit is not as it should be'),
  );

  function profileOf({ schema, document, operationName, contextValue }: ExecutionArgs): OperationProfile | undefined {
    const { operation } = contextValue as LimitedContext;
    return operation ?? profiles.profileOf(schema, document, operationName);
  }

  function note(context: LimitedContext, told: readonly Standing[]): void {
    usage.note(told);
    const { request } = context;
    if (!request || told.length === 0) return;
    const { [STANDINGS]: known } = request;
    request[STANDINGS] = known ? lastOfEach([...known, ...told]) : told;
  }

  /** As begun: what it may be once more, after a reload, is not charged once more. */
  function admitOnce(
    context: LimitedContext,
    ask: () => Admission | Promise<Admission>,
  ): Admission | Promise<Admission> {
    return context.limitsAdmission ?? ask();
  }

  /** The same operation once more, of whose cost all is known; its size was within the limits of the same caller. */
  function admissionAgain(
    { schema, variableValues }: ExecutionArgs,
    profile: OperationProfile,
    estimated: Cost,
    actual: Cost,
  ): AdmitAgain {
    return (principal = ANONYMOUS, address) => {
      const caller = { principal, address };
      const { kind, name } = profile;
      const ofFields = limitsOfFields(schema, profile, caller, variableValues ?? {});
      if ('refused' in ofFields) return undefined;
      metrics().cost('estimated', estimated.total);
      const conclude = (admission: Admission): AdmittedAgain | undefined => {
        usage.note(admission.standings);
        if (admission.outcome === 'refused') return undefined;
        metrics().cost('actual', actual.total);
        void admission.settle(actual);
        const { standings: told } = admission;
        return { headers: told.length > 0 ? rateLimitHeaders(told, Date.now()) : {} };
      };
      const admission = admit(caller, { kind, name }, estimated, ofFields.asked);
      return admission instanceof Promise ? admission.then(conclude) : conclude(admission);
    };
  }

  function admitted(
    args: ExecutionArgs,
    profile: OperationProfile,
    estimated: Cost,
    { settle }: Extract<Admission, { outcome: 'admitted' }>,
  ): AdmittedOperation {
    const { contextValue, variableValues } = args;
    const { cost: costs, kind, name } = profile;
    const context = contextValue as LimitedContext;
    const caller = callerOf(context);
    const spent = (data: unknown): Cost =>
      data === undefined ? NOTHING : costs.actual(data as Record<string, unknown> | null, variableValues);

    return {
      settle(result, setResult) {
        if (result.errors?.some(({ extensions }) => extensions.code === RELOADED)) return;
        const actual = spent(result.data);
        metrics().cost('actual', actual.total);
        context.cost = { estimated: estimated.total, actual: actual.total };
        void settle(actual);
        context.admitAgain = admissionAgain(args, profile, estimated, actual);
        if (context.params?.extensions?.cost === true) {
          setResult({ ...result, extensions: { ...result.extensions, cost: context.cost } });
        }
      },
      admitEvent: countsEvents
        ? ({ data }) => {
            const admission = admitEvent(caller, { kind, name }, costOfEvent(data, spent));
            return admission instanceof Promise ? admission.then(isAdmitted) : isAdmitted(admission);
          }
        : undefined,
    };
  }

  return {
    begin(args, end, hooks) {
      const profile = profileOf(args);
      if (!profile) return undefined;
      const context = args.contextValue as LimitedContext;
      const variables = args.variableValues ?? {};
      const { kind, name, cost: costs } = profile;
      const caller = callerOf(context);
      const operation = { profile, document: args.document, variables, tier: caller.principal.tier };
      const tooLarge = checks.size(operation);
      if (tooLarge) {
        end({ errors: [tooLarge] });
        return undefined;
      }
      const cost = costs.estimate(variables);
      context.cost = { estimated: cost.total };
      metrics().cost('estimated', cost.total);
      const tooCostly = checks.cost(operation, cost);
      if (tooCostly) {
        end({ errors: [tooCostly] });
        return undefined;
      }
      const conclude = (admission: Admission) => {
        note(context, admission.standings);
        if (admission.outcome === 'refused') {
          end({ errors: [admission.error] });
          return undefined;
        }
        context.limitsAdmission = admission;
        return hooks(admitted(args, profile, cost, admission));
      };
      const ofFields = limitsOfFields(args.schema, profile, caller, variables);
      if ('refused' in ofFields) {
        end({ errors: [ofFields.refused] });
        return undefined;
      }
      const admission = admitOnce(context, () => admit(caller, { kind, name }, cost, ofFields.asked));
      return admission instanceof Promise ? admission.then(conclude) : conclude(admission);
    },

    headersFor: ({ [STANDINGS]: told }: LimitedRequest) => (told ? rateLimitHeaders(told, Date.now()) : NO_HEADERS),
    usage: usage.list,
    close: tokens.close,
  };
}

/** Of a batch, what was asked last is how it stands. */
function lastOfEach(standings: readonly Standing[]): readonly Standing[] {
  return [...new Map(standings.map((one) => [one.policy, one])).values()];
}

const costs = new WeakMap<object, Cost>();

/** One event goes to many who have asked for the same. */
function costOfEvent(data: unknown, spent: (data: unknown) => Cost): Cost {
  if (typeof data !== 'object' || data === null) return spent(data);
  const cost = costs.get(data) ?? spent(data);
  costs.set(data, cost);
  return cost;
}

function isAdmitted({ outcome }: Admission): boolean {
  return outcome === 'admitted';
}

const NO_HEADERS: Readonly<Record<string, string>> = {};
const NOTHING: Cost = { total: 0, bySubgraph: new Map() };

/** Without `useAuthentication`, nobody is known. */
function callerOf({ principal = ANONYMOUS, address = '' }: LimitedContext): Caller {
  return { principal, address };
}
