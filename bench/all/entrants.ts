import { CELLS, type Cell } from './cells.ts';
import { CONTENDERS, takesPart, type ContenderName } from './contenders.ts';
import { checkAnswers, entrantOf, type Entrant } from './entrant.ts';
import type { Ground } from './ground.ts';
import type { Answer } from './load.ts';
import type { QueryName } from './operations.ts';
import { installOthers } from './install.ts';

/** Whose answers are right: what all others give is held against it. */
const REFERENCE = 'router';
/** Fewer calls to subgraphs would make no heavy query. */
const HEAVY_CALLS = 7;

export interface Entrants extends AsyncDisposable {
  readonly all: readonly Entrant[];
}

/**
 * Starts the contenders that have to do with the cells. Throws an `Error` when one of them answers anything else than
 * the reference does.
 */
export async function startEntrants(
  names: readonly ContenderName[],
  cells: readonly Cell[],
  ground: Ground,
): Promise<Entrants> {
  await using started = new AsyncDisposableStack();
  const start = async (name: ContenderName, answers: ReadonlyMap<QueryName, Answer> = new Map()): Promise<Entrant> => {
    console.error(`starting ${name}`);
    return started.use(entrantOf(name, await CONTENDERS[name].start(ground, answers), ground));
  };
  const taking = names.filter((name) => cells.some((cell) => takesPart(name, cell)));
  installOthers();

  const reference = await start(REFERENCE);
  await checkHeavy(reference, ground);
  const entrants = new Map<ContenderName, Entrant>([[REFERENCE, reference]]);
  for (const name of taking) {
    if (name === 'bare' || name === REFERENCE) continue;
    const entrant = await start(name);
    await checkAnswers(entrant, reference, cells);
    entrants.set(name, entrant);
  }
  if (taking.includes('bare')) {
    const answers = await answersOf(entrants.get('gatehouse') ?? reference, cells);
    entrants.set('bare', await start('bare', answers));
  }

  const all = taking.flatMap((name) => entrants.get(name) ?? []);
  const stop = started.move();
  return { all, [Symbol.asyncDispose]: () => stop.disposeAsync() };
}

async function checkHeavy(reference: Entrant, { takeCalls }: Ground): Promise<void> {
  for (const cell of CELLS.filter(({ query, isCached }) => query === 'heavy' && !isCached)) {
    await takeCalls();
    await reference.ask(cell, 0);
    const calls = await takeCalls();
    if (calls < HEAVY_CALLS) throw new Error(`${cell.name} makes ${calls} calls to subgraphs, not ${HEAVY_CALLS}`);
  }
}

/** As they are once they come from the cache. */
async function answersOf(entrant: Entrant, cells: readonly Cell[]): Promise<ReadonlyMap<QueryName, Answer>> {
  const answers = new Map<QueryName, Answer>();
  for (const query of new Set(cells.filter(({ isCached }) => isCached).map((cell) => cell.query))) {
    const cell = CELLS.find((one) => one.query === query && one.isCached && one.way === 'identical');
    if (!cell) continue;
    // What is answered for the third time is held, and known to be.
    for (let time = 1; time < 3; time++) await entrant.ask(cell, 0);
    const { headers, body } = await entrant.ask(cell, 0);
    answers.set(query, { headers: withoutOwn(headers), body });
  }
  return answers;
}

/** Without what Node's server adds by itself. */
function withoutOwn(headers: Answer['headers']): Answer['headers'] {
  const own = new Set(['date', 'connection', 'keep-alive']);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !own.has(name)));
}
