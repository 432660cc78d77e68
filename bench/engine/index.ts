import { fork } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { cpuTime } from '../cpu-time.ts';
import { median, printFigure } from '../figure.ts';
import { startGateway } from '../gateway-process.ts';
import { supergraphOf } from '../supergraph.ts';
import { heavyQuery, smallQuery } from './queries.ts';

const ROUNDS = 3;
const CONNECTIONS = 8;

const QUERIES = {
  small: { requests: 3_000, query: smallQuery('"1"') },
  heavy: { requests: 200, query: heavyQuery({ users: 50, latestReviews: 20, lowStock: 10 }) },
} as const;

type QueryName = keyof typeof QUERIES;

const GATEWAYS = {
  stock: { config: new URL('stock.config.ts', import.meta.url), ready: '/readiness' },
  router: { config: new URL('router.config.ts', import.meta.url), ready: '/readiness' },
  gatehouse: { config: new URL('../../gateway.config.ts', import.meta.url), ready: '/health/ready' },
} as const;

type GatewayName = keyof typeof GATEWAYS;

/** The highest share of the bare engine's CPU that all plugins may add on the heavy query. */
const TARGET = 1.1;

/**
 * CPU time of the gateway process for each request, over the demo subgraphs: the stock gateway with its default engine,
 * with router-runtime, and Gatehouse with all plugins.
 */
export async function run(): Promise<void> {
  const subgraphs = fork(new URL('subgraphs.ts', import.meta.url).pathname);
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-bench-engine-'));
  try {
    const demo = await new Promise<{ name: string; url: string }[]>((resolve) =>
      subgraphs.once('message', resolve as never),
    );
    const file = join(directory, 'supergraph.graphql');
    await writeFile(file, await supergraphOf(demo));
    const env = { SUPERGRAPH_FILE: file, SUBGRAPHS: demo.map(({ name, url }) => `${name}=${url}`).join(',') };
    const measured = new Map<string, number[]>();
    for (let round = 1; round <= ROUNDS; round++) {
      for (const name of Object.keys(GATEWAYS) as GatewayName[]) {
        const { config, ready } = GATEWAYS[name];
        const gateway = await startGateway(config, ready, env);
        try {
          for (const query of Object.keys(QUERIES) as QueryName[]) {
            const perRequest = await measure(gateway.url, gateway.process.pid ?? 0, query);
            console.error(`round ${round} ${name} ${query}: ${perRequest.toFixed(3)} ms of CPU a request`);
            measured.set(`${name}.${query}`, [...(measured.get(`${name}.${query}`) ?? []), perRequest]);
          }
        } finally {
          await gateway.stop();
        }
      }
    }
    printFigures(measured);
  } finally {
    subgraphs.kill();
    await rm(directory, { recursive: true, force: true });
  }
}

async function measure(url: string, pid: number, name: QueryName): Promise<number> {
  const { query, requests } = QUERIES[name];
  const send = async () => {
    const result = await autocannon({
      url: `${url}/graphql`,
      method: 'POST',
      // Executed, not remembered.
      headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
      body: JSON.stringify({ query }),
      connections: CONNECTIONS,
      amount: requests,
    });
    if (result['2xx'] !== requests) throw new Error(`${requests - result['2xx']} of ${requests} requests failed`);
  };
  await send();
  const before = cpuTime(pid);
  await send();
  return (cpuTime(pid) - before) / requests;
}

function printFigures(measured: ReadonlyMap<string, readonly number[]>): void {
  const cpu = (gateway: GatewayName, query: QueryName) => median(measured.get(`${gateway}.${query}`) ?? []);
  const bench = 'engine';
  for (const query of Object.keys(QUERIES) as QueryName[]) {
    for (const gateway of Object.keys(GATEWAYS) as GatewayName[]) {
      printFigure({
        bench,
        figure: `${gateway}.${query}.cpu`,
        value: Number(cpu(gateway, query).toFixed(3)),
        unit: 'ms/request',
      });
    }
    for (const baseline of ['stock', 'router'] as const) {
      const value = Number((cpu('gatehouse', query) / cpu(baseline, query)).toFixed(2));
      const isTarget = query === 'heavy' && baseline === 'router';
      printFigure({
        bench,
        figure: `gatehouse.${query}.vs.${baseline}`,
        value,
        unit: 'ratio',
        baseline,
        ...(isTarget && { target: `<=${TARGET}`, ok: value <= TARGET }),
      });
    }
  }
}
