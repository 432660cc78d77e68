import { html, type Html } from './html.ts';

/** Undefined where there is nothing to tell: the line has a gap there. */
export type Series = readonly (number | undefined)[];

const WIDTH = 120;
const HEIGHT = 24;
/** So that the line is not cut at the edges. */
const MARGIN = 2;

/**
 * A line of the values from left to right, from 0 at the bottom to the largest, or `most`, at the top. `label` says the
 * same to those who do not see it.
 */
export function sparkline(values: Series, label: string, most = 0): Html {
  const top = Math.max(most, ...values.map((value) => value ?? 0)) || 1;
  const step = values.length > 1 ? (WIDTH - 2 * MARGIN) / (values.length - 1) : 0;
  const lines = runs(values).map((run) =>
    run.map(([index, value]) => {
      const y = HEIGHT - MARGIN - (Math.max(0, value) / top) * (HEIGHT - 2 * MARGIN);
      return `${(MARGIN + index * step).toFixed(1)},${y.toFixed(1)}`;
    }),
  );
  return html`<svg class="sparkline" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">
    ${lines.map((points) => html`<polyline points="${(points.length > 1 ? points : [...points, ...points]).join(' ')}" />`)}
  </svg>`;
}

/** What stands without a gap, each value with its place. */
function runs(values: Series): readonly (readonly (readonly [index: number, value: number])[])[] {
  const found: (readonly [number, number])[][] = [];
  let run: (readonly [number, number])[] | undefined;
  for (const [index, value] of values.entries()) {
    if (value === undefined || !Number.isFinite(value)) {
      run = undefined;
      continue;
    }
    if (!run) found.push((run = []));
    run.push([index, value]);
  }
  return found;
}
