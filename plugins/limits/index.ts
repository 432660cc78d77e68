import type { GatewayPlugin } from '@graphql-hive/gateway';
import { isAsyncIterable } from '@graphql-tools/utils';
import { traced } from '../account/index.ts';
import type { GatehouseContext } from '../request-context.ts';
import { eventsWithin } from './limited-events.ts';
import { operationLimiter } from './operation-limiter.ts';
import { checkOptions, type LimitsOptions } from './options.ts';
import type { Usage } from './recent-usage.ts';
import { boundedParse } from './static/bounded-parse.ts';

export type { LeaseOptions } from './buckets/leases.ts';
export type { CostLimits, LimitsOptions } from './options.ts';
export type { FieldLimit } from './fields/field-limit.ts';
export type { Match, QuotaPolicy, RatePolicy, Scope, Unit } from './policies/policy.ts';
export type { StaticLimit, StaticLimits } from './static/static-limits.ts';
export type { ThresholdEvent } from './threshold-event.ts';

export interface LimitsPlugin extends GatewayPlugin {
  /** For operators: the buckets and quotas that this process asked for last. */
  status(): { readonly usage: readonly Usage[] };
}

/**
 * Limits what callers may ask for: how large an operation may be, what it may cost, how many come in a time. All of it
 * is decided before anything is executed, for HTTP, WebSocket and each operation of a batch, and what an operation
 * really cost is settled afterwards.
 *
 * Throws an `Error` that names the option when one is wrong.
 */
export function useLimits(options: LimitsOptions): LimitsPlugin {
  checkOptions(options);
  const limiter = operationLimiter(options);
  const parseWithin = boundedParse(options.tokens);

  return {
    onParse({ parseFn, setParseFn }) {
      if (parseWithin) setParseFn(parseWithin(parseFn));
    },
    onExecute({ args, setResultAndStopExecution }) {
      const { account } = args.contextValue as GatehouseContext;
      return traced(account, 'limits', () =>
        limiter.begin(args, setResultAndStopExecution, ({ settle }) => ({
          onExecuteDone({ result, setResult }) {
            if (!isAsyncIterable(result)) settle(result, setResult);
          },
        })),
      );
    },
    onSubscribe({ args, setResultAndStopExecution }) {
      const context = args.contextValue as GatehouseContext;
      return traced(context.account, 'limits', () =>
        limiter.begin(args, setResultAndStopExecution, ({ admitEvent }) => {
          context.admitEvent = admitEvent;
          return {
            onSubscribeResult({ result, setResult }) {
              if (!admitEvent || context.admitsEvents || !isAsyncIterable(result)) return;
              setResult(eventsWithin(result, admitEvent));
            },
          };
        }),
      );
    },
    onResponse({ request, response }) {
      const headers = limiter.headersFor(request);
      for (const name in headers) response.headers.set(name, headers[name] ?? '');
    },
    onDispose: () => limiter.close(),
    status: () => ({ usage: limiter.usage() }),
  };
}
