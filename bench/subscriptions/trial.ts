import { setTimeout as sleep } from 'node:timers/promises';
import { cpuTime } from '../cpu-time.ts';
import type { Child } from './child.ts';
import type { SubgraphCommand, SubgraphCount } from './event-subgraph.ts';
import { startFleet, type Fleet } from './fleet.ts';
import type { Memory } from './memory-probe.ts';
import { startServer, type Server, type ServerName } from './servers.ts';

/** One server with so many clients. */
export interface Trial {
  readonly server: ServerName;
  readonly clients: number;
  readonly topics: number;
  /** Deliveries a second when events come at a pace; undefined: they do not. */
  readonly pace?: number;
}

export interface Delivery {
  /** In a second. */
  readonly rate: number;
  /** Of the server's process for one, µs. */
  readonly cpu: number;
  /** Of the subgraph's process for one, µs. */
  readonly behind: number;
  /** ms from when an event is published until a client has it. */
  readonly p50: number;
  readonly p99: number;
}

export interface Sample {
  /** At the subgraph. */
  readonly upstream: SubgraphCount;
  /** Bytes of a client that is connected, and of one that has subscribed and got events. */
  readonly connected: Memory;
  readonly subscribed: Memory;
  readonly paced: Delivery | undefined;
  /** The next event comes when all clients have the one before it. */
  readonly saturated: Delivery;
}

export interface Subgraph {
  readonly subgraph: Child<SubgraphCommand>;
  readonly subgraphUrl: string;
}

interface Surroundings extends Subgraph {
  readonly fleet: Fleet;
}

/** s */
const PACED = 10;
const SATURATED = 5;
const WARM_UP = 3;
const WARM_UP_CLIENTS = 200;
/** ms between two probes, and between two looks whether the subgraph is left. */
const POLL = 250;
/** ms until all clients are left or got a probe. */
const PATIENCE = 60_000;

/** Measures a server that was just started, and nothing else of the kind at the same time. */
export async function runTrial(trial: Trial, { subgraph, subgraphUrl }: Subgraph): Promise<Sample> {
  const { clients, topics } = trial;
  await using server = await startServer(trial.server, subgraphUrl);
  // Ended before the server is, which closes what is open.
  await using fleet = startFleet();
  const surroundings = { subgraph, subgraphUrl, fleet };

  await fleet.connect(server.url, WARM_UP_CLIENTS);
  await subscribe(1, surroundings);
  await saturate(server, { clients: WARM_UP_CLIENTS, topics: 1 }, WARM_UP, surroundings);
  await fleet.disconnect();
  await left(subgraph);

  const before = await server.memory();
  await fleet.connect(server.url, clients);
  const connected = await server.memory();
  await subscribe(topics, surroundings);
  // What was compiled is collected with the rest.
  await saturate(server, trial, WARM_UP, surroundings);
  const upstream = await subgraph.ask<SubgraphCount>({ do: 'count' });
  const paced =
    trial.pace === undefined ? undefined : await pace(server, { clients, topics, rate: trial.pace }, surroundings);
  const saturated = await saturate(server, trial, SATURATED, surroundings);
  const subscribed = await server.memory();
  await fleet.disconnect();
  await left(subgraph);

  const ofClient = (after: Memory): Memory => ({
    running: (after.running - before.kept) / clients,
    kept: (after.kept - before.kept) / clients,
    heap: (after.heap - before.heap) / clients,
  });
  return { upstream, connected: ofClient(connected), subscribed: ofClient(subscribed), paced, saturated };
}

/** There is no message that says that a subscription is there: each client has got an event then. */
export async function subscribe(topics: number, { subgraph, fleet }: Surroundings): Promise<void> {
  await fleet.subscribe(topics);
  let areProbed = false;
  const probed = fleet.probed().finally(() => (areProbed = true));
  const probing = async (): Promise<void> => {
    while (!areProbed) {
      await subgraph.ask({ do: 'publish', topics, isProbe: true });
      await sleep(POLL);
    }
  };
  await Promise.all([probed, probing()]);
}

export async function left(subgraph: Child<SubgraphCommand>): Promise<void> {
  const deadline = performance.now() + PATIENCE;
  for (;;) {
    const { subscriptions } = await subgraph.ask<SubgraphCount>({ do: 'count' });
    if (subscriptions === 0) return;
    if (performance.now() > deadline) throw new Error(`${subscriptions} subscriptions were never left`);
    await sleep(POLL);
  }
}

async function pace(
  server: Server,
  { clients, topics, rate }: { readonly clients: number; readonly topics: number; readonly rate: number },
  surroundings: Surroundings,
): Promise<Delivery> {
  const { subgraph, fleet } = surroundings;
  const events = Math.round((rate * PACED * topics) / clients);
  return measured(server, surroundings, async () => {
    await Promise.all([
      fleet.received((events * clients) / topics),
      subgraph.ask({ do: 'pace', topics, events, perSecond: events / PACED }),
    ]);
  });
}

export async function saturate(
  server: Server,
  { clients, topics }: Pick<Trial, 'clients' | 'topics'>,
  seconds: number,
  surroundings: Surroundings,
): Promise<Delivery> {
  const { subgraph, fleet } = surroundings;
  return measured(server, surroundings, async () => {
    const until = performance.now() + seconds * 1_000;
    for (let round = 1; performance.now() < until; round++) {
      await Promise.all([fleet.received(round * clients), subgraph.ask({ do: 'publish', topics })]);
    }
  });
}

async function measured(
  { pid }: Server,
  { subgraph, fleet }: Surroundings,
  work: () => Promise<void>,
): Promise<Delivery> {
  const spent = () => ({ cpu: cpuTime(pid), behind: cpuTime(subgraph.pid), seconds: performance.now() / 1_000 });
  const before = spent();
  await work();
  const after = spent();
  const delays = await fleet.takeDelays();
  const ofDelivery = (milliseconds: number): number => (milliseconds * 1_000) / delays.length;
  const percentile = (share: number): number => delays[Math.ceil(delays.length * share) - 1] ?? Number.NaN;
  return {
    rate: delays.length / (after.seconds - before.seconds),
    cpu: ofDelivery(after.cpu - before.cpu),
    behind: ofDelivery(after.behind - before.behind),
    p50: percentile(0.5),
    p99: percentile(0.99),
  };
}
