import ms from 'ms';
import type { Bucket } from '../buckets/bucket.ts';
import type { Scope } from '../policies/policy.ts';

/**
 * What `@rateLimit` of `@envelop/rate-limiter` says of a field, under its names. The counting is another: a bucket that
 * holds `max` tokens and is full again after a `window`, so that what was taken comes back bit by bit.
 */
export interface FieldLimitArguments {
  /** Calls at once, and within a window on the long run. Default: 5. */
  readonly max?: number;
  /** As `ms` writes times: `10s`, `1m`. Default: 1m. */
  readonly window?: string;
  /** Told to who is refused. `{{ id }}` is the id of the caller. Default: a text that names the limit. */
  readonly message?: string;
  /** Arguments, or `input.id` within them, that have a bucket for each of their values. Default: none. */
  readonly identityArgs?: readonly string[];
  /** The argument whose length is the number of calls. Default: none, it is one call. */
  readonly arrayLengthField?: string;
  /** The call is counted only for as long as the operation takes. Default: false. */
  readonly readOnly?: boolean;
  /** Without a meaning: what is refused is never counted. Default: false. */
  readonly uncountRejected?: boolean;
}

/** Field configuration, as the items of its `configByField`. */
export interface FieldLimit extends FieldLimitArguments {
  /** A name, or a glob: `Query`, `{Query,Mutation}`, `*`. */
  readonly type: string;
  readonly field: string;
  /** Who shares it. Default: `principal`. (`identifyFn` and `identifier` are not known.) */
  readonly scope?: Scope;
}

/** A limit of one field of one type. */
export interface ResolvedFieldLimit {
  /** `@rateLimit:Type.field` */
  readonly name: string;
  /** Apart from the other limits of the same field. */
  readonly key: string;
  readonly bucket: Bucket;
  /** ms */
  readonly window: number;
  readonly scope: Scope;
  readonly message: string | undefined;
  readonly identityArgs: readonly string[];
  readonly arrayLengthField: string | undefined;
  readonly isReadOnly: boolean;
}

const DEFAULT_MAX = 5;
const DEFAULT_WINDOW = 60_000;
/** Of a bucket, see `checkBucket`. */
const LONGEST_WINDOW = 366 * 86_400_000;

/** @param at which of a field's limits it is */
export function resolveFieldLimit(
  coordinate: string,
  at: number,
  given: FieldLimitArguments,
  scope: Scope,
): ResolvedFieldLimit {
  const max = given.max !== undefined && given.max > 0 ? given.max : DEFAULT_MAX;
  const window = windowOf(given.window) ?? DEFAULT_WINDOW;
  return {
    name: `@rateLimit:${coordinate}`,
    key: `@rateLimit:${coordinate}:${at}`,
    bucket: { capacity: max, refillPerSecond: (max * 1_000) / window },
    window,
    scope,
    message: given.message,
    identityArgs: given.identityArgs ?? [],
    arrayLengthField: given.arrayLengthField,
    isReadOnly: given.readOnly === true,
  };
}

/** What is wrong with the arguments of a directive or an option; undefined when nothing is. */
export function problemOf({ max, window }: FieldLimitArguments): string | undefined {
  if (max !== undefined && !(max > 0 && max <= 1e9)) return `max is ${max}; it takes a number above 0`;
  if (window !== undefined && windowOf(window) === undefined) {
    return `window is ${JSON.stringify(window)}; it takes a time such as "10s" or "1m"`;
  }
  return undefined;
}

/** ms */
function windowOf(text: string | undefined): number | undefined {
  const time =
    typeof text === 'string' && text.length > 0 && text.length <= 100 ? ms(text as ms.StringValue) : undefined;
  return time !== undefined && time > 0 && time <= LONGEST_WINDOW ? time : undefined;
}
