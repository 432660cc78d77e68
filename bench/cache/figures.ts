import { median, type Figure } from '../figure.ts';
import type { Load } from './load.ts';
import type { Calls } from './subgraphs.ts';

export interface Sample extends Load {
  /** CPU of the subgraphs and of Redis for a request, µs. */
  readonly behind: number;
  readonly calls: Calls;
}

type Measured = ReadonlyMap<string, readonly Sample[]>;
type MeasureName = keyof typeof MEASURES;

const MEASURES = {
  cpu: { of: ({ cpu }: Sample) => cpu, unit: 'µs/request' },
  'cpu with what is behind': { of: ({ cpu, behind }: Sample) => cpu + behind, unit: 'µs/request' },
  p99: { of: ({ p99 }: Sample) => p99, unit: 'ms' },
  calls: { of: ({ calls }: Sample) => calls.requests, unit: 'a round' },
  representations: { of: ({ calls }: Sample) => calls.representations, unit: 'a round' },
} as const;

/** What is measured against what; `target` is the highest that is in order. */
interface Comparison {
  readonly way: string;
  readonly baseline: string;
  readonly measures: readonly MeasureName[];
  readonly targets?: Partial<Record<MeasureName, number>>;
}

const TIMES = ['cpu', 'p99'] as const;
const ALL = ['cpu', 'cpu with what is behind', 'p99', 'calls', 'representations'] as const;
const BARE = 'bare server';
const HEAVY = 'heavy, no cache';

const COMPARISONS: readonly Comparison[] = [
  { way: 'l1 hit', baseline: BARE, measures: TIMES, targets: { cpu: 2 } },
  ...['l1 hit in the pipeline', 'l2 hit', 'no cache', 'stock hit', 'stock no cache'].map((way) => ({
    way,
    baseline: BARE,
    measures: TIMES,
  })),
  { way: 'l1 hit', baseline: 'bare server without headers', measures: TIMES },
  { way: 'l1 hit', baseline: 'stock hit', measures: TIMES },
  { way: 'l1 hit', baseline: 'no cache', measures: TIMES },
  { way: 'l2 hit', baseline: 'stock hit', measures: TIMES },
  { way: 'l2 hit', baseline: 'no cache', measures: TIMES },
  { way: 'stock hit', baseline: 'stock no cache', measures: TIMES },
  // There is something new for each call.
  {
    way: 'entity hit, a fifth of each list new',
    baseline: HEAVY,
    measures: ALL,
    targets: { cpu: 0.5, representations: 0.2 },
  },
  {
    way: 'entity hit, each fifth request new',
    baseline: HEAVY,
    measures: ALL,
    targets: { cpu: 0.5, calls: 0.2, representations: 0.2 },
  },
];

/** The medians of all rounds, and of what was measured against what in the same round. */
export function figuresOf(measured: Measured): readonly Figure[] {
  const values = (way: string, measure: MeasureName): readonly number[] =>
    (measured.get(way) ?? []).map((sample) => MEASURES[measure].of(sample));

  const absolute = [...measured.keys()].flatMap((way) =>
    TIMES.map((measure): Figure => {
      const value = Number(median(values(way, measure)).toFixed(2));
      return { bench: 'cache', figure: `${way}.${measure}.absolute`, value, unit: MEASURES[measure].unit };
    }),
  );
  const ratios = COMPARISONS.flatMap(({ way, baseline, measures, targets = {} }) =>
    measures.map((measure): Figure => {
      const base = values(baseline, measure);
      const ratio = median(values(way, measure).map((one, round) => one / (base[round] ?? Number.NaN)));
      const value = Number(ratio.toFixed(3));
      const target = targets[measure];
      return {
        bench: 'cache',
        figure: `${way}.${measure}`,
        value,
        unit: 'ratio',
        baseline,
        ...(target !== undefined && { target: `<=${target}`, ok: value <= target }),
      };
    }),
  );
  return [...absolute, ...ratios];
}
