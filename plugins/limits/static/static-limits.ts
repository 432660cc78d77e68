import type { Measures } from '../../operation/index.ts';

/** What of an operation may be limited before anything of it is executed. */
export type Measure = keyof Measures | 'listItems';

/** `measure` tells of what is beyond the limit in metrics and the log, and lets it pass. */
export type LimitMode = 'enforce' | 'measure';

export interface StaticLimit {
  /** The most that is let through; `Infinity` for no limit. */
  readonly max: number;
  /** Default: `enforce`. */
  readonly mode?: LimitMode;
  /** In place of `max`, for principals of these tiers. Default: none. */
  readonly tiers?: Readonly<Record<string, number>>;
}

/** A number is the limit for everyone; `off` is no limit. */
export type StaticLimits = Readonly<Partial<Record<Measure, number | StaticLimit | 'off'>>>;

/** One thing of which an operation has more than it may have. */
export interface Excess {
  readonly measure: string;
  readonly actual: number;
  readonly limit: number;
  readonly mode: LimitMode;
}

export type MeasuredValues = Readonly<Partial<Record<Measure, number>>>;

/** Finds what of an operation is beyond its limit. */
export type StaticCheck = (values: MeasuredValues, tier: string | undefined) => readonly Excess[];

const NONE: readonly Excess[] = [];

/** @param prefix what stands before the measures in errors, for those of introspection */
export function staticCheck(limits: StaticLimits, prefix = ''): StaticCheck {
  const active = Object.entries(limits).flatMap(([measure, limit]) =>
    limit === undefined || limit === 'off'
      ? []
      : [{ measure: measure as Measure, ...(typeof limit === 'number' ? { max: limit } : limit) }],
  );
  return (values, tier) => {
    let found: Excess[] | undefined;
    for (const { measure, max, mode = 'enforce', tiers } of active) {
      const actual = values[measure] ?? 0;
      const limit = limitFor(tier, max, tiers);
      if (actual > limit) (found ??= []).push({ measure: prefix + measure, actual, limit, mode });
    }
    return found ?? NONE;
  };
}

export function limitFor(
  tier: string | undefined,
  max: number,
  tiers: Readonly<Record<string, number>> | undefined,
): number {
  return tier !== undefined && tiers && Object.hasOwn(tiers, tier) ? (tiers[tier] ?? max) : max;
}
