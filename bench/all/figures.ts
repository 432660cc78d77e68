import type { Figure } from '../figure.ts';
import { rounded, type Results, type Row } from './results.ts';

const bench = 'all';
const MEGABYTE = 1_048_576;

export function figuresOf({ rows, memory }: Results): readonly Figure[] {
  return [
    ...rows.flatMap(measuresOf),
    ...rows.flatMap(ratioOf),
    ...[...memory].map(([name, bytes]) => figureOf(`${name}.memory`, rounded(bytes / MEGABYTE, 1), 'MB')),
  ];
}

function measuresOf({ cell, contender, cpu, cpuMin, p50, p99, calls }: Row): readonly Figure[] {
  const figure = `${contender}.${cell.name}`;
  return [
    figureOf(`${figure}.cpu`, rounded(cpu, 4), 'ms/request'),
    figureOf(`${figure}.cpu.min`, rounded(cpuMin, 4), 'ms/request'),
    figureOf(`${figure}.p50`, rounded(p50, 2), 'ms'),
    figureOf(`${figure}.p99`, rounded(p99, 2), 'ms'),
    figureOf(`${figure}.calls`, rounded(calls, 2), 'calls/request'),
  ];
}

function ratioOf({ cell, contender, ratio, target }: Row): readonly Figure[] {
  if (ratio === undefined) return [];
  const figure = figureOf(`gatehouse.${cell.name}.vs.${contender}`, rounded(ratio, 2), 'ratio');
  return [{ ...figure, baseline: contender, ...(target && { target: `<=${target.most}`, ok: target.isMet }) }];
}

function figureOf(figure: string, value: number, unit: string): Figure {
  return { bench, figure, value, unit };
}
