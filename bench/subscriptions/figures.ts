import { median, type Figure } from '../figure.ts';
import type { Memory } from './memory-probe.ts';
import type { Delivery, Sample } from './trial.ts';

/** Samples of the same rounds. */
export interface Compared {
  /** What the figures begin with. */
  readonly name: string;
  readonly baseline: string;
  readonly samples: readonly Sample[];
  readonly baselineSamples: readonly Sample[];
  readonly measures: readonly MeasureName[];
  readonly targets?: Partial<Record<MeasureName, Target>>;
}

export interface Target {
  readonly text: string;
  isMet(value: number): boolean;
}

interface Measure {
  of(sample: Sample): number;
  readonly unit: string;
  /** How it is compared with a baseline. */
  readonly by: 'ratio' | 'difference';
}

export const atMost = (most: number): Target => ({ text: `<=${most}`, isMet: (value) => value <= most });
export const atLeast = (least: number): Target => ({ text: `>=${least}`, isMet: (value) => value >= least });
const exactly = (one: number): Target => ({ text: `=${one}`, isMet: (value) => value === one });

const BYTES_IN_KB = 1_000;
const MICROSECONDS_IN_SECOND = 1_000_000;

const MEASURES = {
  'connected.memory': memory(({ connected }) => connected.kept),
  'connected.heap': memory(({ connected }) => connected.heap),
  memory: memory(({ subscribed }) => subscribed.kept),
  heap: memory(({ subscribed }) => subscribed.heap),
  'memory while it runs': memory(({ subscribed }) => subscribed.running),
  'paced.rate': paced(({ rate }) => rate, 'deliveries/s'),
  'paced.cpu': paced(({ cpu }) => cpu, 'µs/delivery'),
  'paced.p50': paced(({ p50 }) => p50, 'ms'),
  'paced.p99': paced(({ p99 }) => p99, 'ms'),
  'saturated.rate': ratio(({ saturated }) => saturated.rate, 'deliveries/s'),
  'saturated.cpu': ratio(({ saturated }) => saturated.cpu, 'µs/delivery'),
  'saturated.p50': ratio(({ saturated }) => saturated.p50, 'ms'),
  'saturated.p99': ratio(({ saturated }) => saturated.p99, 'ms'),
  'deliveries per CPU second': ratio(({ saturated: { cpu } }) => MICROSECONDS_IN_SECOND / cpu, 'deliveries/s'),
  'deliveries per CPU second with the subgraph': ratio(
    ({ saturated: { cpu, behind } }) => MICROSECONDS_IN_SECOND / (cpu + behind),
    'deliveries/s',
  ),
} as const satisfies Readonly<Record<string, Measure>>;

export type MeasureName = keyof typeof MEASURES;

export const MEASURE_NAMES = Object.keys(MEASURES) as readonly MeasureName[];

function memory(of: (sample: Sample) => Memory[keyof Memory]): Measure {
  return { of: (sample) => of(sample) / BYTES_IN_KB, unit: 'kB/connection', by: 'difference' };
}

function paced(of: (delivery: Delivery) => number, unit: string): Measure {
  return ratio((sample) => (sample.paced ? of(sample.paced) : Number.NaN), unit);
}

function ratio(of: Measure['of'], unit: string): Measure {
  return { of, unit, by: 'ratio' };
}

/** What the server takes, what the baseline takes, and the one against the other: medians of the rounds. */
export function comparisonFigures(compared: Compared): readonly Figure[] {
  const { name, baseline, samples, baselineSamples, measures, targets = {} } = compared;
  return measures.flatMap((measureName): Figure[] => {
    const { of, unit, by } = MEASURES[measureName];
    const values = samples.map(of);
    const bases = baselineSamples.map(of);
    const against = values.map((value, round) => {
      const base = bases[round] ?? Number.NaN;
      return by === 'ratio' ? value / base : value - base;
    });
    const absolute = (who: string, all: readonly number[]): Figure => ({
      bench: 'subscriptions',
      figure: `${name}.${measureName}.${who}`,
      value: rounded(median(all)),
      unit,
    });
    const value = rounded(median(against));
    const target = targets[measureName];
    return [
      absolute('absolute', values),
      absolute(baseline, bases),
      {
        bench: 'subscriptions',
        figure: `${name}.${measureName}`,
        value,
        unit: by === 'ratio' ? 'ratio' : `${unit} above`,
        baseline,
        ...(target && { target: target.text, ok: target.isMet(value) }),
      },
    ];
  });
}

/** What the subgraph has of all the clients; the worst of the rounds. */
export function upstreamFigures(name: string, samples: readonly Sample[], topics: number): readonly Figure[] {
  const most = (of: (sample: Sample) => number): number => Math.max(...samples.map(of));
  const subscriptions = most(({ upstream }) => upstream.subscriptions);
  const target = exactly(topics);
  return [
    {
      bench: 'subscriptions',
      figure: `${name}.upstream subscriptions`,
      value: subscriptions,
      unit: 'subscriptions',
      target: target.text,
      ok: target.isMet(subscriptions),
    },
    {
      bench: 'subscriptions',
      figure: `${name}.upstream connections`,
      value: most(({ upstream }) => upstream.connections),
      unit: 'connections',
    },
  ];
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
