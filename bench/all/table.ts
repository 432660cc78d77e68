import type { Results, Row } from './results.ts';

/** The first row is the head; the first column is of text, the others are of numbers. */
export type Table = readonly (readonly string[])[];

const MEASURES = ['CPU ms', 'least', 'p50 ms', 'p99 ms', 'calls', 'Gatehouse : it', 'target'] as const;
const MEGABYTE = 1_048_576;

/** All that was measured. */
export function overview({ rows, memory }: Results): Table {
  return [
    ['cell', 'contender', ...MEASURES],
    ...rows.map((row) => [row.cell.name, row.contender, ...measuresOf(row)]),
    ...[...memory].map(([name, bytes]) => ['memory', name, `${megabytes(bytes)} MB`]),
  ];
}

/** The rows of one cell. */
export function cellTable(rows: readonly Row[]): Table {
  return [['contender', ...MEASURES], ...rows.map((row) => [row.contender, ...measuresOf(row)])];
}

export function memoryTable({ memory }: Results): Table {
  return [['contender', 'MB'], ...[...memory].map(([name, bytes]) => [name, megabytes(bytes)])];
}

/** What was to be reached. */
export function targetTable({ rows }: Results): Table {
  return [
    ['cell', 'beside', 'ratio', 'target', 'met'],
    ...rows.flatMap(({ cell, contender, ratio = Number.NaN, target }) =>
      target ? [[cell.name, contender, ratio.toFixed(2), `≤ ${target.most}`, target.isMet ? 'yes' : '**no**']] : [],
    ),
  ];
}

function measuresOf({ cpu, cpuMin, p50, p99, calls, ratio, target }: Row): readonly string[] {
  return [
    cpu.toFixed(3),
    cpuMin.toFixed(3),
    p50.toFixed(2),
    p99.toFixed(2),
    calls.toFixed(1),
    ratio?.toFixed(2) ?? '',
    target ? `≤ ${target.most} ${target.isMet ? 'met' : 'missed'}` : '',
  ];
}

function megabytes(bytes: number): string {
  return (bytes / MEGABYTE).toFixed(0);
}

/** For a terminal. */
export function aligned(table: Table): string {
  const widths = widthsOf(table);
  const line = (row: readonly string[]): string =>
    row
      .map((text, column) =>
        isText(table, column) ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0),
      )
      .join('  ');
  return table.map((row) => line(row).trimEnd()).join('\n');
}

export function markdown(table: Table): string {
  const [head = [], ...rows] = table;
  const line = (row: readonly string[]): string => `| ${row.join(' | ')} |`;
  return [line(head), line(head.map((_, column) => (isText(table, column) ? '---' : '---:'))), ...rows.map(line)].join(
    '\n',
  );
}

function widthsOf([head = [], ...rows]: Table): readonly number[] {
  return head.map((text, column) => Math.max(text.length, ...rows.map((row) => row[column]?.length ?? 0)));
}

/** A column whose cells are not all numbers. */
function isText([, ...rows]: Table, column: number): boolean {
  return rows.some((row) => /^[a-z]/.test(row[column] ?? ''));
}
