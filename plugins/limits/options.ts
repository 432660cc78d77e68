import type { Logger } from '@graphql-hive/gateway';
import type { SharedStore } from '../redis/index.ts';
import type { LeaseOptions } from './buckets/leases.ts';
import type { FieldLimit } from './fields/field-limit.ts';
import { checkFieldLimits } from './fields/schema-limits.ts';
import type { QuotaPolicy, RatePolicy } from './policies/policy.ts';
import type { StaticLimit, StaticLimits } from './static/static-limits.ts';
import type { WebhookSender } from '../webhooks/sender.ts';

/** What an operation may cost, by the schema's `@cost` and `@listSize`. */
export interface CostLimits {
  /** Of the whole operation, as it is estimated. Default: no limit. */
  readonly max?: number | StaticLimit;
  /** By the name of a subgraph: of what it may be asked for. Default: no limit. */
  readonly subgraphs?: Readonly<Record<string, number | StaticLimit>>;
}

export interface LimitsOptions {
  /** Where buckets and quotas are counted, for all processes. */
  readonly store: SharedStore;
  /**
   * Of operations, without introspection. Defaults: depth 30, height 1,000, fields 2,000, aliases 200, rootFields 100,
   * directives 200, listItems 5,000.
   */
  readonly operation?: StaticLimits;
  /** Of what is asked of `__schema` and `__type`. Defaults: depth 30, fields 2,000. */
  readonly introspection?: StaticLimits;
  /** Tokens in the text of an operation, before it is parsed. Default: 20,000. */
  readonly tokens?: number | 'off';
  /** What operations may cost. Default: no limit. */
  readonly cost?: CostLimits;
  /** Token buckets. Default: none. */
  readonly policies?: readonly RatePolicy[];
  /** Quotas on calendar periods. Default: none. */
  readonly quotas?: readonly QuotaPolicy[];
  /** Limits of single fields, beside those that the schema has as `@rateLimit`. Default: none. */
  readonly fields?: readonly FieldLimit[];
  /** Told when so much of a quota is used, beside the log and the metrics. Default: nobody. */
  readonly webhook?: Pick<WebhookSender, 'send'> | undefined;
  /** How long a request may wait for the store, in ms. Default: 50. */
  readonly timeout?: number;
  /** How many processes share the store: the part that each gives while the store is away. Default: 4. */
  readonly processes?: number;
  /** Tokens are taken ahead for buckets that are in much use. Default: they are not. */
  readonly leases?: LeaseOptions;
  readonly log?: Pick<Logger, 'info' | 'warn'> | undefined;
}

export const OPERATION_DEFAULTS: StaticLimits = {
  depth: 30,
  height: 1_000,
  fields: 2_000,
  aliases: 200,
  rootFields: 100,
  directives: 200,
  listItems: 5_000,
};

export const INTROSPECTION_DEFAULTS: StaticLimits = { depth: 30, fields: 2_000 };

export const MAX_TOKENS = 20_000;

const MEASURES = new Set(Object.keys(OPERATION_DEFAULTS));

/** Throws an `Error` that names the option that is wrong. */
export function checkOptions({
  operation = {},
  introspection = {},
  tokens = MAX_TOKENS,
  cost = {},
  fields = [],
}: LimitsOptions): void {
  checkFieldLimits(fields);
  for (const [group, limits] of Object.entries({ operation, introspection })) {
    for (const [measure, limit] of Object.entries(limits)) {
      const option = `${group}.${measure}`;
      if (!MEASURES.has(measure))
        throw new Error(`useLimits: ${option} is unknown; ${group} takes ${[...MEASURES].join(', ')}`);
      if (limit !== 'off') checkLimit(option, limit);
    }
  }
  if (tokens !== 'off') checkNumber('tokens', tokens);
  if (cost.max !== undefined) checkLimit('cost.max', cost.max);
  for (const [name, limit] of Object.entries(cost.subgraphs ?? {})) checkLimit(`cost.subgraphs.${name}`, limit);
}

function checkLimit(option: string, limit: number | StaticLimit | undefined): void {
  if (typeof limit !== 'object') return checkNumber(option, limit);
  const { max, mode = 'enforce', tiers = {} } = limit;
  checkNumber(`${option}.max`, max);
  for (const [tier, most] of Object.entries(tiers)) checkNumber(`${option}.tiers.${tier}`, most);
  if (mode !== 'enforce' && mode !== 'measure') {
    throw new Error(`useLimits: ${option}.mode is ${JSON.stringify(mode)}; it takes "enforce" or "measure"`);
  }
}

function checkNumber(option: string, value: unknown): void {
  if (typeof value === 'number' && value >= 0) return;
  throw new Error(`useLimits: ${option} is ${JSON.stringify(value)}; it takes a number from 0`);
}
