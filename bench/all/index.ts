import { writeFile } from 'node:fs/promises';
import { printFigure } from '../figure.ts';
import { cellsOf, type Cell } from './cells.ts';
import { contendersOf, takesPart } from './contenders.ts';
import type { Entrant, Sample } from './entrant.ts';
import { startEntrants } from './entrants.ts';
import { figuresOf } from './figures.ts';
import { startGround } from './ground.ts';
import { pageOf } from './page.ts';
import { resultsOf, type Measured, type Results } from './results.ts';
import { aligned, overview } from './table.ts';

const { env } = process;
const ROUNDS = Number(env['BENCH_ROUNDS'] ?? 5);
/** So that the compiler has done with it, and what can be kept is kept: figures still fell after the eighth. */
const WARM_UPS = 10;
/** Calls for a request, beyond which it was not answered from a cache: gateways also look whether subgraphs are there. */
const MOST_CALLS = 0.05;

/**
 * Gatehouse with everything on, beside other gateways and a bare server, over the demo subgraphs: CPU time, latency and
 * memory. `BENCH_ONLY` names contenders, `BENCH_CELLS` prefixes of cells, `BENCH_TABLE` a Markdown file to write.
 */
export async function run(): Promise<void> {
  const results = await measureAll(contendersOf(listed('BENCH_ONLY')), cellsOf(listed('BENCH_CELLS')));
  for (const figure of figuresOf(results)) printFigure(figure);
  console.error(aligned(overview(results)));
  const file = env['BENCH_TABLE'];
  if (file) await writeFile(file, pageOf(results, { rounds: ROUNDS, date: new Date() }));
}

function listed(name: string): readonly string[] {
  return (env[name] ?? '').split(',').filter(Boolean);
}

async function measureAll(names: ReturnType<typeof contendersOf>, cells: readonly Cell[]): Promise<Results> {
  await using ground = await startGround();
  await using entrants = await startEntrants(names, cells, ground);
  const measured: Measured = new Map(cells.map((cell) => [cell, new Map()]));
  for (let round = 1 - WARM_UPS; round <= ROUNDS; round++) {
    for (const [cell, samples] of measured) {
      for (const entrant of inTurn(entrants.all, cell, round)) {
        const sample = await entrant.sample(cell);
        const { cpu, p99, calls } = sample;
        console.error(
          `round ${round} ${cell.name} ${entrant.name}: ${cpu.toFixed(3)} ms of CPU, p99 ${p99.toFixed(1)} ms, ${calls.toFixed(1)} calls`,
        );
        if (round < 1) continue;
        if (cell.isCached && sample.calls > MOST_CALLS) throw notCached(entrant, cell, sample);
        samples.set(entrant.name, [...(samples.get(entrant.name) ?? []), sample]);
      }
    }
    console.error(round < 1 ? `warmed up ${round + WARM_UPS} of ${WARM_UPS}` : `round ${round} of ${ROUNDS}`);
  }
  return resultsOf(measured, new Map(entrants.all.map((entrant) => [entrant.name, entrant.memory()])));
}

/** Each comes first and last in turn, so that none gains by its place. */
function inTurn(entrants: readonly Entrant[], cell: Cell, round: number): readonly Entrant[] {
  const taking = entrants.filter(({ name }) => takesPart(name, cell));
  const first = (round + WARM_UPS) % Math.max(taking.length, 1);
  return [...taking.slice(first), ...taking.slice(0, first)];
}

function notCached({ name }: Entrant, cell: Cell, { calls }: Sample): Error {
  return new Error(`${name} does not answer ${cell.name} from its cache: ${calls.toFixed(2)} calls for a request`);
}
