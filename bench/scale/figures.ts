import { median, printFigure, type Figure } from '../figure.ts';

/** What a figure is held against: `<=650`, and whether it is so. */
export type Target = Pick<Figure, 'baseline' | 'target' | 'ok'>;

/** Rounded to so many `digits`. */
export function print(figure: string, value: number, unit: string, digits = 0, target: Target = {}): void {
  printFigure({ bench: 'scale', figure, value: Number(value.toFixed(digits)), unit, ...target });
}

export function printNone(figure: string, value: number, unit: string): void {
  print(figure, value, unit, 0, { target: '0', ok: value === 0 });
}

/** Two figures: half of the values were at most as much, and all. */
export function printSpread(figure: string, values: readonly number[]): void {
  print(`${figure}.p50`, median(values), 'ms', 1);
  print(`${figure}.max`, Math.max(...values), 'ms', 1);
}
