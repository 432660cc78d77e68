/** One line of a benchmark's result, as docs and dashboards read it. */
export interface Figure {
  readonly bench: string;
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
  /** What the value is measured against, in the same run. */
  readonly baseline?: string;
  /** As a person reads it, for instance `<=250`. */
  readonly target?: string;
  readonly ok?: boolean;
}

/** One JSON line on standard output. */
export function printFigure(figure: Figure): void {
  console.log(JSON.stringify(figure));
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
