import type { Attributes } from '@opentelemetry/api';

/** One measurement of a bucket whose trace can be looked up. */
export interface Exemplar {
  readonly traceId: string;
  readonly value: number;
  /** ms since 1970. */
  readonly time: number;
}

/** The last exemplar of each bucket of one series, by the index of the bucket. */
export interface SeriesExemplars {
  keep(value: number, traceId: string): void;
}

export interface ExemplarStore {
  /** Where the exemplars of a series are kept: as many as it has buckets. */
  of(metric: string, attributes: Attributes): SeriesExemplars;
  find(metric: string, attributes: Attributes): readonly (Exemplar | undefined)[];
}

/**
 * Exemplars, which OpenTelemetry's SDK for JavaScript does not keep.
 *
 * @param boundaries upper bounds of the buckets, inclusive and ascending, as of the histograms they are for
 */
export function exemplarStore(boundaries: readonly number[]): ExemplarStore {
  const series = new Map<string, (Exemplar | undefined)[]>();

  return {
    of(metric, attributes) {
      const key = keyOf(metric, attributes);
      const kept = series.get(key) ?? [];
      series.set(key, kept);
      return {
        keep(value, traceId) {
          kept[bucketOf(value, boundaries)] = { traceId, value, time: Date.now() };
        },
      };
    },
    find: (metric, attributes) => series.get(keyOf(metric, attributes)) ?? [],
  };
}

function bucketOf(value: number, boundaries: readonly number[]): number {
  const index = boundaries.findIndex((boundary) => value <= boundary);
  return index < 0 ? boundaries.length : index;
}

function keyOf(metric: string, attributes: Attributes): string {
  return JSON.stringify([metric, ...Object.entries(attributes).toSorted(([a], [b]) => (a < b ? -1 : 1))]);
}
