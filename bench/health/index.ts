import { fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import autocannon from 'autocannon';
import { Pool } from 'undici';
import { median, printFigure } from '../figure.ts';
import { startGateway } from '../gateway-process.ts';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
/** s of each round. */
const DURATION = 10;
const CONNECTIONS = 8;
/** ms between two requests, which go to the routes in turn. */
const INTERVAL = 4;
/** ms */
const TARGET = 5;

const ROUTES = ['/health', '/health/ready', '/bare', '/pipeline'] as const;
type Route = (typeof ROUTES)[number];

/**
 * How long `/health` takes while the gateway answers as many GraphQL requests as it can, none of them from its cache;
 * beside a route that Node's server answers at once, and one in the pipeline of requests.
 */
export async function run(): Promise<void> {
  const subgraphs = fork(new URL('../engine/subgraphs.ts', import.meta.url).pathname);
  try {
    const demo = await new Promise<{ name: string; url: string }[]>((resolve) =>
      subgraphs.once('message', resolve as never),
    );
    const gateway = await startGateway(new URL('gateway.config.ts', import.meta.url), '/health/ready', {
      SUBGRAPHS: demo.map(({ name, url }) => `${name}=${url}`).join(','),
      COMPOSITION_POLL_INTERVAL: '0',
      ADMIN_PORT: '0',
      LOG_LEVEL: 'error',
    });
    try {
      await measureRound(gateway.url);
      const p99s = new Map<Route, number[]>(ROUTES.map((route) => [route, []]));
      for (let round = 1; round <= ROUNDS; round++) {
        for (const [route, durations] of await measureRound(gateway.url)) {
          const p99 = percentile(durations, 0.99);
          p99s.get(route)?.push(p99);
          const p50 = percentile(durations, 0.5);
          console.error(`round ${round} ${route}: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`);
        }
      }
      printFigures((route) => Number(median(p99s.get(route) ?? []).toFixed(2)));
    } finally {
      await gateway.stop();
    }
  } finally {
    subgraphs.kill();
  }
}

async function measureRound(url: string): Promise<ReadonlyMap<Route, readonly number[]>> {
  const load = autocannon({
    url: `${url}/graphql`,
    method: 'POST',
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: JSON.stringify({ query: '{ product(upc: "1") { upc name price stock } }' }),
    connections: CONNECTIONS,
    duration: DURATION,
    // The measuring thread is to wait for the gateway alone.
    workers: 1,
  });
  const pool = new Pool(url, { connections: 1, pipelining: 1 });
  const durations = new Map<Route, number[]>(ROUTES.map((route) => [route, []]));
  const end = performance.now() + (DURATION - 1) * 1_000;
  // The load has to have begun.
  await sleep(500);
  for (let turn = 0; performance.now() < end; turn++) {
    const route = ROUTES[turn % ROUTES.length] ?? '/health';
    const begun = performance.now();
    const { statusCode, body } = await pool.request({ method: 'GET', path: route });
    await body.dump();
    if (statusCode !== 200) throw new Error(`${route} answered ${statusCode}`);
    durations.get(route)?.push(performance.now() - begun);
    await sleep(INTERVAL);
  }
  const { requests, non2xx, errors } = await load;
  if (non2xx + errors > 0) throw new Error(`${non2xx + errors} GraphQL requests failed`);
  console.error(`${Math.round(requests.average)} GraphQL requests a second`);
  await pool.destroy();
  return durations;
}

function printFigures(p99: (route: Route) => number): void {
  const [health, bare] = [p99('/health'), p99('/bare')];
  const baseline = `a bare route: ${bare} ms; one in the pipeline: ${p99('/pipeline')} ms`;
  const ok = health < TARGET;
  printFigure({ bench: 'health', figure: 'p99', value: health, unit: 'ms', baseline, target: `<${TARGET}`, ok });
  printFigure({ bench: 'health', figure: 'ready.p99', value: p99('/health/ready'), unit: 'ms', baseline });
  printFigure({
    bench: 'health',
    figure: 'own',
    value: Number((health / bare).toFixed(2)),
    unit: 'ratio',
    baseline: 'a bare route',
    target: '<=1.25',
    ok: health / bare <= 1.25,
  });
}

function percentile(durations: readonly number[], share: number): number {
  const sorted = durations.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
}
