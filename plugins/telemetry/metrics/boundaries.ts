/**
 * Upper bounds of the buckets of durations, in s: those that OpenTelemetry gives for HTTP, and two below, where answers
 * from the cache are.
 */
export const DURATIONS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];
const DEPTHS = [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20];
const FIELDS = [1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500];
const COSTS = [1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 50_000, 100_000];

/** Series that an instrument may have: a bound for what `cappedLabels` and the configuration do not bound. */
export const MAX_SERIES = 2_000;

const BOUNDARIES: Readonly<Record<string, readonly number[]>> = {
  'graphql.operation.depth': DEPTHS,
  'graphql.operation.fields': FIELDS,
  'graphql.operation.cost': COSTS,
};
/** OpenTelemetry's, for what nobody has thought of. */
const DEFAULT = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1_000, 2_500, 5_000, 7_500, 10_000];

export function boundariesOf(name: string, unit: string): readonly number[] {
  return BOUNDARIES[name] ?? (unit === 's' ? DURATIONS : DEFAULT);
}
