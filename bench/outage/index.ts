import { fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { faultProxy, type FaultyRequest } from '../../tests/harness/fault-proxy.ts';
import { printFigure } from '../figure.ts';
import { startGateway, type GatewayProcess } from '../gateway-process.ts';

/** Requests a second, half of them for what the failing subgraph gives. */
const RATE = 100;
/** ms of each phase: before the outage, and in it once its breaker is open. */
const PHASE = 6_000;
/** As `useUpstream` has them by default, in ms. */
const [BREAKER_WINDOW, PROBE_INTERVAL] = [10_000, 5_000];

/** What an outage of one subgraph under load does to the rest, and how soon it is noticed, borne and over. */
export async function run(): Promise<void> {
  const subgraphs = fork(new URL('../engine/subgraphs.ts', import.meta.url).pathname);
  try {
    const demo = await new Promise<{ name: string; url: string }[]>((resolve) =>
      subgraphs.once('message', resolve as never),
    );
    const inventory = demo.find(({ name }) => name === 'inventory');
    if (!inventory) throw new Error('there is no inventory');
    await using proxy = await faultProxy(inventory.url);
    const urls = demo.map(({ name, url }) => `${name}=${name === 'inventory' ? proxy.url : url}`);
    const gateway = await startGateway(new URL('../../gateway.config.ts', import.meta.url), '/health/ready', {
      SUBGRAPHS: urls.join(','),
      COMPOSITION_POLL_INTERVAL: '0',
      LOG_LEVEL: 'error',
    });
    try {
      await measure(gateway, proxy);
    } finally {
      await gateway.stop();
    }
  } finally {
    subgraphs.kill();
  }
}

async function measure(gateway: GatewayProcess, proxy: Awaited<ReturnType<typeof faultProxy>>): Promise<void> {
  const load = startLoad(gateway);
  await sleep(PHASE);
  load.take();
  proxy.fail(undefined);
  await sleep(PHASE);
  const before = p99(load.take());
  const callsBefore = proxy.requests();

  // Answers at once that it cannot: the proxy counts the calls, which a closed port could not.
  proxy.fail(refuse);
  const outage = performance.now();
  await until(async () => (await circuitOf(gateway)) === 'open');
  const opened = performance.now() - outage;
  load.take();
  proxy.fail(refuse);
  await sleep(PHASE);
  const during = p99(load.take());
  const callsDuring = proxy.requests();

  proxy.fail(undefined);
  const mended = performance.now();
  await until(
    async () =>
      JSON.stringify(await ask(gateway, STOCK, 1)).includes('"stock":') && (await circuitOf(gateway)) === 'closed',
  );
  const recovered = performance.now() - mended;
  await load.stop();

  const figure = (name: string, value: number, unit: string, target: string, ok: boolean, baseline?: string) =>
    printFigure({ bench: 'outage', figure: name, value, unit, ...(baseline && { baseline }), target, ok });
  const ratio = Number((during / before).toFixed(2));
  figure('others.p99', ratio, 'ratio', '<=1.5', ratio <= 1.5, `before the outage: ${before.toFixed(1)} ms`);
  figure('breaker.opened', Math.round(opened), 'ms', `<=${BREAKER_WINDOW}`, opened <= BREAKER_WINDOW);
  const share = Number((callsDuring / callsBefore).toFixed(4));
  figure('calls', share, 'ratio', '<0.01', share < 0.01, `before the outage: ${callsBefore} calls`);
  figure('recovered', Math.round(recovered), 'ms', `<=${PROBE_INTERVAL}`, recovered <= PROBE_INTERVAL);
}

function refuse({ response }: FaultyRequest): void {
  response.writeHead(503).end();
}

const NAME = 'query ($upc: ID!) { product(upc: $upc) { name price } }';
const STOCK = 'query ($upc: ID!) { product(upc: $upc) { name stock } }';

async function ask(gateway: GatewayProcess, query: string, upc: number): Promise<unknown> {
  const response = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables: { upc: String(upc) } }),
  });
  return response.json();
}

async function circuitOf(gateway: GatewayProcess): Promise<string | undefined> {
  const health = (await (await fetch(`${gateway.url}/health`)).json()) as {
    subgraphs: { name: string; circuit?: string }[];
  };
  return health.subgraphs.find(({ name }) => name === 'inventory')?.circuit;
}

/** Alternates both queries. `take` gives how long those took, in ms, that do not need the failing subgraph. */
function startLoad(gateway: GatewayProcess): { take(): number[]; stop(): Promise<void> } {
  const pending = new Set<Promise<void>>();
  const began = performance.now();
  let durations: number[] = [];
  let count = 0;

  async function send(upc: number): Promise<void> {
    const isOther = upc % 2 === 0;
    const start = performance.now();
    await ask(gateway, isOther ? NAME : STOCK, (upc % 1_000) + 1);
    if (isOther) durations.push(performance.now() - start);
  }

  const timer = setInterval(() => {
    const due = ((performance.now() - began) / 1_000) * RATE;
    while (count < due) {
      const sent = send(count++).finally(() => pending.delete(sent));
      pending.add(sent);
    }
  }, 1_000 / RATE);
  return {
    take() {
      const taken = durations;
      durations = [];
      return taken;
    },
    async stop() {
      clearInterval(timer);
      await Promise.all(pending);
    },
  };
}

function p99(durations: readonly number[]): number {
  const sorted = durations.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 60_000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error('waited a minute in vain');
    await sleep(50);
  }
}
