import { AggregationType, InstrumentType, type AggregationOption, type ViewOptions } from '@opentelemetry/sdk-metrics';

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

/**
 * Series that an instrument may get between two readings. In all it has as many as its labels allow, which come from
 * the configuration or are capped: see `cappedLabels`.
 */
const SERIES = 2_000;

/** An instrument under a view is kept once for all readers, and once for each of them without. */
export const views: readonly ViewOptions[] = [
  view({ instrumentType: InstrumentType.HISTOGRAM, instrumentUnit: 's' }, buckets(DURATIONS)),
  view({ instrumentName: 'graphql.operation.depth' }, buckets(DEPTHS)),
  view({ instrumentName: 'graphql.operation.fields' }, buckets(FIELDS)),
  view({ instrumentName: 'graphql.operation.cost' }, buckets(COSTS)),
  ...Object.values(InstrumentType)
    .filter((instrumentType) => instrumentType !== InstrumentType.HISTOGRAM)
    .map((instrumentType) => view({ instrumentType }, { type: AggregationType.DEFAULT })),
];

function view(selected: ViewOptions, aggregation: AggregationOption): ViewOptions {
  return { ...selected, aggregation, aggregationCardinalityLimit: SERIES };
}

function buckets(boundaries: readonly number[]): AggregationOption {
  return {
    type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM,
    options: { boundaries: [...boundaries], recordMinMax: false },
  };
}
