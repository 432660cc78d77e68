import { median } from '../figure.ts';
import type { Cell } from './cells.ts';
import type { ContenderName } from './contenders.ts';
import type { Sample } from './entrant.ts';

/** By cell and contender, one of each round. */
export type Measured = Map<Cell, Map<ContenderName, readonly Sample[]>>;

/** What a contender needs for a request of a cell. */
export interface Row {
  readonly cell: Cell;
  readonly contender: ContenderName;
  /** ms; medians of the rounds, but for `cpuMin`. */
  readonly cpu: number;
  readonly cpuMin: number;
  readonly p50: number;
  readonly p99: number;
  /** Calls to subgraphs. */
  readonly calls: number;
  /** Gatehouse's CPU time as a multiple of this contender's, the median of the rounds; where both were measured. */
  readonly ratio?: number;
  readonly target?: Target;
}

/** The highest ratio that is in order. */
export interface Target {
  readonly most: number;
  readonly isMet: boolean;
}

export interface Results {
  readonly rows: readonly Row[];
  /** Of each contender when all rounds were over, in bytes. */
  readonly memory: ReadonlyMap<ContenderName, number>;
}

const TARGETS = [
  { cells: /\.cached\./, contender: 'bare', most: 2 },
  { cells: /^heavy\.uncached\./, contender: 'stock', most: 0.35 },
  { cells: /^heavy\.uncached\./, contender: 'router', most: 1.15 },
  { cells: /^small\.uncached\./, contender: 'router', most: 0.6 },
] as const;

export function resultsOf(measured: Measured, memory: Results['memory']): Results {
  const rows = [...measured].flatMap(([cell, byContender]) => {
    const own = byContender.get('gatehouse');
    // As the tables have them.
    const inOrder = [...memory.keys()].filter((name) => byContender.has(name));
    return inOrder.map((contender) => rowOf(cell, contender, byContender.get(contender) ?? [], own));
  });
  return { rows, memory };
}

function rowOf(cell: Cell, contender: ContenderName, samples: readonly Sample[], own?: readonly Sample[]): Row {
  const of = (measure: keyof Sample): readonly number[] => samples.map((sample) => sample[measure]);
  const row = {
    cell,
    contender,
    cpu: median(of('cpu')),
    cpuMin: Math.min(...of('cpu')),
    p50: median(of('p50')),
    p99: median(of('p99')),
    calls: median(of('calls')),
  };
  if (!own || contender === 'gatehouse') return row;
  const ratio = median(own.map(({ cpu }, round) => cpu / (samples[round]?.cpu ?? Number.NaN)));
  const target = TARGETS.find((one) => one.contender === contender && one.cells.test(cell.name));
  return { ...row, ratio, ...(target && { target: { most: target.most, isMet: rounded(ratio, 2) <= target.most } }) };
}

export function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
