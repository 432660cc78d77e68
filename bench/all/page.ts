import { CONTENDERS } from './contenders.ts';
import type { Results } from './results.ts';
import { cellTable, markdown, memoryTable, targetTable } from './table.ts';
import { versions } from './versions.ts';

export interface PageOptions {
  readonly rounds: number;
  readonly date: Date;
}

/** The results as a page of the documentation, in Markdown. */
export function pageOf(results: Results, { rounds, date }: PageOptions): string {
  const { rows, memory } = results;
  const cells = [...new Set(rows.map(({ cell }) => cell))];
  return [
    '# Benchmarks',
    `Measured on ${date.toISOString().slice(0, 10)} with \`npm run bench -- all\`, ${rounds} rounds; \`BENCH_TABLE=docs/benchmarks.md\` wrote this page.`,
    list([...versions()].map(([name, version]) => `${name}: ${version}`)),
    '## Contenders',
    list([...memory.keys()].map((name) => `**${name}**: ${CONTENDERS[name].title}`)),
    HOW,
    '## Targets',
    "Gatehouse's CPU time as a multiple of the other's, the median of the rounds.",
    markdown(targetTable(results)),
    '## Measured',
    ...cells.flatMap((cell) => [
      `### ${cell.name}`,
      `${cell.title}.`,
      markdown(cellTable(rows.filter((row) => row.cell === cell))),
    ]),
    '### Memory',
    'Resident memory when all rounds were over, with all child processes.',
    markdown(memoryTable(results)),
  ]
    .map((part) => `${part}\n`)
    .join('\n');
}

function list(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join('\n');
}

const HOW = `## How it is measured

The four demo subgraphs run in one process, each contender in one of its own, with \`NODE_ENV=production\`; the requests come
from a third. All contenders run at the same time and are asked in turn, a different one first in each round; ten rounds
before warm up. Before that, each has to give the same data for each query as router-runtime does.

- **CPU ms**: user and system time for a request, by the operating system's accounting, of the contender's process with all its
  threads and child processes (the planner's of Gatehouse is one), but without Redis and the subgraphs. The median of the rounds,
  and the least of them.
- **p50**, **p99**: how long a request takes with eight at a time; medians of the rounds. The machine's cores are shared with the
  subgraphs and the client, so this tells more of the whole than of the contender.
- **calls**: requests that reach the subgraphs for one request, with those by which gateways look after them.
- **Gatehouse : it**: Gatehouse's CPU time as a multiple of this contender's.

Every request carries a valid JWT of one of eight principals, equal requests the same one. What is to be executed has
\`Cache-Control: no-store\`, which Gatehouse honours and the others do not need. Hive Gateway and Gatehouse make equal calls to a
subgraph at the same time one, so CPU time of identical requests is taken with one request at a time; their latency is with eight.

Gatehouse has everything on: the front door, JWT, a token bucket for each principal and one for cost in Redis, with leases, cost limits,
authorization, whole responses and entities in memory and Redis, every operation in a signed audit file, a tenth of them traced over
OTLP, metrics, health, the admin listener. The others do none of it.

What some contenders need:

- In the demo's schema little may be kept for longer than a minute. For the cached cells, Gatehouse has \`hints\` of an hour and the
  stock gateway a supergraph without \`@cacheControl\`. It also has a cache without a limit: its own holds a thousand entries, and a
  heavy response, which takes more by its entities alone, would never be found again.
- \`@apollo/gateway\` refuses a supergraph with \`@authenticated\`, \`@requiresScopes\` or \`@policy\`: its supergraph has no \`@link\` to them.
- \`@mercuriusjs/gateway\` speaks the first version of federation: it has schemas of that version, written after the demo's as far as the
  queries need them. It knows no field of an interface that another subgraph adds, and does not fetch what \`@requires\` takes from a third
  subgraph: its heavy query has \`name\` in fragments and selects \`weight\` beside. It does not work with graphql 16.15; the rivals
  have 16.14.`;
