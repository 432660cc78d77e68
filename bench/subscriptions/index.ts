import { readFileSync } from 'node:fs';
import { median, printFigure } from '../figure.ts';
import { startChild } from './child.ts';
import type { SubgraphCommand } from './event-subgraph.ts';
import { atLeast, atMost, comparisonFigures, MEASURE_NAMES, upstreamFigures, type MeasureName } from './figures.ts';
import { runSlowReader } from './slow-reader.ts';
import { runTrial, type Sample, type Subgraph, type Trial } from './trial.ts';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
const SUBSCRIBERS = Number(process.env['SUBSCRIBERS'] ?? 10_000);
const OF_TOPIC = 10;
const TOPICS = SUBSCRIBERS / OF_TOPIC;

/** Deliveries a second for each client, when events come at a pace: so many that no server is short of time. */
const EVENTS_OF_CLIENT = { oneTopic: 1, manyTopics: 0.3 };

/** Clients of the stock gateway: the most of these with which it still delivers. */
const STOCK_CLIENTS = [2_000, 1_000, 500].filter((clients) => clients <= SUBSCRIBERS);

/** Files that a process needs beside its sockets. */
const OTHER_FILES = 1_000;

const BESIDE_STOCK: readonly MeasureName[] = [
  'deliveries per CPU second',
  'deliveries per CPU second with the subgraph',
  'saturated.rate',
  'memory',
];
/** The other way round, it is there already. */
const BESIDE_BARE = MEASURE_NAMES.filter((name) => !name.startsWith('deliveries per'));
const OF_TOPICS = BESIDE_BARE.filter((name) => !name.startsWith('connected.'));
const MEMORY = { memory: atMost(20), heap: atMost(20) };

/**
 * What many WebSocket clients cost that subscribe to the same: beside a bare `ws` server that sends them the same bytes,
 * and beside the stock gateway. The CPU time and the memory are those of the serving process; the subgraph and the
 * clients are processes of their own. `SUBSCRIBERS` takes a multiple of 20.
 */
export async function run(): Promise<void> {
  checkOpenFiles();
  await using subgraph = startChild<SubgraphCommand>('event-subgraph.ts');
  const subgraphUrl = await subgraph.ask<string>({ do: 'listen' });
  const ofEvents = { subgraph, subgraphUrl };

  const clients = SUBSCRIBERS;
  const oneTopic = { clients, topics: 1, pace: clients * EVENTS_OF_CLIENT.oneTopic };
  const manyTopics = { clients, topics: TOPICS, pace: clients * EVENTS_OF_CLIENT.manyTopics };
  const fewClients = { clients: await carriedByStock(ofEvents), topics: 1 };
  const trials = {
    bareOneTopic: { server: 'bare server', ...oneTopic },
    ownOneTopic: { server: 'gatehouse', ...oneTopic },
    bareManyTopics: { server: 'bare server', ...manyTopics },
    ownManyTopics: { server: 'gatehouse', ...manyTopics },
    stock: { server: 'stock', ...fewClients },
    ownFewClients: { server: 'gatehouse', ...fewClients },
  } as const satisfies Record<string, Trial>;

  const samples = await runRounds(trials, ofEvents);
  const besideStock = {
    baseline: `stock with ${fewClients.clients} clients`,
    baselineSamples: samples.stock,
    targets: { 'deliveries per CPU second': atLeast(5) },
  };
  const figures = [
    ...upstreamFigures('one topic', samples.ownOneTopic, 1),
    ...comparisonFigures({
      name: 'one topic',
      baseline: 'bare server',
      samples: samples.ownOneTopic,
      baselineSamples: samples.bareOneTopic,
      measures: BESIDE_BARE,
      targets: MEMORY,
    }),
    ...upstreamFigures(`${TOPICS} topics`, samples.ownManyTopics, TOPICS),
    ...comparisonFigures({
      name: `${TOPICS} topics`,
      baseline: 'bare server',
      samples: samples.ownManyTopics,
      baselineSamples: samples.bareManyTopics,
      measures: OF_TOPICS,
      targets: MEMORY,
    }),
    ...comparisonFigures({
      ...besideStock,
      name: `one topic, ${fewClients.clients} clients`,
      samples: samples.ownFewClients,
      measures: BESIDE_STOCK,
    }),
    // Fewer of its clients, since it carries no more.
    ...comparisonFigures({
      ...besideStock,
      name: 'one topic',
      samples: samples.ownOneTopic,
      measures: BESIDE_STOCK,
    }),
  ];
  for (const figure of figures) printFigure(figure);
  await besideSlowReader(ofEvents);
}

async function besideSlowReader(ofEvents: Subgraph): Promise<void> {
  const { without, beside } = await runSlowReader(Math.max(ROUNDS, 3), ofEvents);
  const value = median(beside.map((p99, round) => p99 / (without[round] ?? Number.NaN)));
  console.error(`p99 without and beside one that does not read: ${JSON.stringify({ without, beside })}`);
  printFigure({
    bench: 'subscriptions',
    figure: '1000 clients.p99 beside one that does not read',
    value,
    unit: 'ratio',
    baseline: 'without it',
    target: '<=1.2',
    ok: value <= 1.2,
  });
}

async function runRounds<Name extends string>(
  trials: Readonly<Record<Name, Trial>>,
  ofEvents: Subgraph,
): Promise<Readonly<Record<Name, readonly Sample[]>>> {
  const names = Object.keys(trials) as Name[];
  const samples = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, Sample[]>;
  for (let round = 1; round <= ROUNDS; round++) {
    // Each comes first and last in turn, so that none gains by its place.
    for (const name of [...names.slice(round % names.length), ...names.slice(0, round % names.length)]) {
      const sample = await runTrial(trials[name], ofEvents);
      samples[name].push(sample);
      console.error(`round ${round} ${name}: ${inShort(sample)}`);
    }
  }
  return samples;
}

/** With how many clients the stock gateway still delivers. */
async function carriedByStock(ofEvents: Subgraph): Promise<number> {
  const failures: unknown[] = [];
  for (const clients of STOCK_CLIENTS) {
    try {
      const sample = await runTrial({ server: 'stock', clients, topics: 1 }, ofEvents);
      console.error(`the stock gateway carries ${clients} clients: ${inShort(sample)}`);
      return clients;
    } catch (error) {
      failures.push(error);
      console.error(`the stock gateway does not carry ${clients} clients: ${String(error)}`);
    }
  }
  throw new AggregateError(failures, 'the stock gateway carries none');
}

/** A process that runs out of files would be measured for that. */
function checkOpenFiles(): void {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  const [, most = '0'] = /^Max open files\s+\d+\s+(\d+|unlimited)/m.exec(limits) ?? [];
  const needed = SUBSCRIBERS + OTHER_FILES;
  if (most !== 'unlimited' && Number(most) < needed)
    throw new Error(`a process may open ${most} files here, and needs ${needed}: raise it by ulimit -Hn`);
}

function inShort({ subscribed, paced, saturated }: Sample): string {
  const { kept, heap } = subscribed;
  const memory = `${(kept / 1_000).toFixed(1)} kB kept, ${(heap / 1_000).toFixed(1)} kB of heap`;
  const delivered = [paced, saturated].map((delivery) => {
    if (!delivery) return 'no pace';
    const { rate, cpu, p50, p99 } = delivery;
    return `${rate.toFixed(0)}/s at ${cpu.toFixed(1)} µs, p50 ${p50.toFixed(0)} p99 ${p99.toFixed(0)} ms`;
  });
  return `${memory}; ${delivered.join('; ')}`;
}
