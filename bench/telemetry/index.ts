import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { cpuTime } from '../cpu-time.ts';
import { median, printFigure } from '../figure.ts';
import { startGateway, type GatewayProcess } from '../gateway-process.ts';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 11);
const RATIO = '0.1';
const CONFIG = new URL('gateway.config.ts', import.meta.url);
const WAYS = ['off', 'on', 'stock'] as const;
type Way = (typeof WAYS)[number];

const SMALL = '{ product(upc: "1") { upc name price } }';
const HEAVY = `{
  users(first: 50) { id username name reviews(first: 5) { id rating body product {
    upc name price stock inStock averageRating shippingEstimate
    reviews(first: 3) { rating author { username name } }
  } } }
  latestReviews(first: 20) { rating product { name stock } author { name } }
  lowStock(first: 10) { upc name stock }
}`;

/**
 * `limit`: the share of CPU that telemetry and audit may add. What is executed is asked for by one client, since equal
 * requests at the same time share calls to subgraphs, now more and now fewer.
 */
const LOADS = {
  small: { query: SMALL, requests: 2_000, isCached: false, connections: 1, limit: 1.15 },
  heavy: { query: HEAVY, requests: 120, isCached: false, connections: 1, limit: 1.08 },
  cached: { query: SMALL, requests: 10_000, isCached: true, connections: 8, limit: undefined },
} as const;
type LoadName = keyof typeof LOADS;

/**
 * CPU time of the gateway process for each request, over the demo subgraphs: with telemetry and audit (a tenth of the
 * operations traced, metrics, every operation recorded in a signed file) against without, and with the stock gateway's
 * plugin for traces, at the same ratio, in their place.
 */
export async function run(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-bench-telemetry-'));
  const gateways = new Map<Way, GatewayProcess>();
  const subgraphs = fork(new URL('../engine/subgraphs.ts', import.meta.url).pathname);
  const collector = fork(new URL('collector.ts', import.meta.url).pathname);
  try {
    const [demo, endpoint] = await Promise.all([
      messageOf<readonly { name: string; url: string }[]>(subgraphs),
      messageOf<string>(collector),
    ]);
    const env = {
      SUBGRAPHS: demo.map(({ name, url }) => `${name}=${url}`).join(','),
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_TRACES_SAMPLER_ARG: RATIO,
      AUDIT_SIGNING_KEY: signingKey(),
      AUDIT_FILE: join(directory, 'audit.jsonl'),
    };
    const ratios = new Map<string, number[]>();
    const cpu = new Map<string, number[]>();
    // All at once, and in turn for a moment each: the machine is not the same from minute to minute.
    for (const way of WAYS) gateways.set(way, await startGateway(CONFIG, '/health/ready', { ...env, OBSERVED: way }));
    for (let round = 0; round <= ROUNDS; round++) {
      const measured = await measureRound(gateways, round);
      // The first is for the compiler.
      if (round === 0) continue;
      for (const [name, value] of measured) {
        console.error(`round ${round} ${name}: ${value.toFixed(3)} ms of CPU a request`);
        push(cpu, name, value);
        const [load = '', way = ''] = name.split('.');
        if (way !== 'off') push(ratios, name, value / (measured.get(`${load}.off`) ?? Number.NaN));
      }
    }
    printFigures(cpu, ratios);
  } finally {
    for (const gateway of gateways.values()) await gateway.stop();
    subgraphs.kill();
    collector.kill();
    await rm(directory, { recursive: true, force: true });
  }
}

async function measureRound(
  gateways: ReadonlyMap<Way, GatewayProcess>,
  round: number,
): Promise<ReadonlyMap<string, number>> {
  const measured = new Map<string, number>();
  // None is always the first.
  const turns = [...gateways, ...gateways].slice(round % gateways.size).slice(0, gateways.size);
  for (const load of Object.keys(LOADS) as LoadName[]) {
    for (const [
      way,
      {
        url,
        process: { pid = 0 },
      },
    ] of turns) {
      measured.set(`${load}.${way}`, await measure(url, pid, load));
    }
  }
  return measured;
}

async function measure(url: string, pid: number, name: LoadName): Promise<number> {
  const { query, requests, isCached, connections } = LOADS[name];
  const send = async (): Promise<void> => {
    const result = await autocannon({
      url: `${url}/graphql`,
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(!isCached && { 'cache-control': 'no-store' }) },
      body: JSON.stringify({ query }),
      connections,
      amount: requests,
    });
    if (result['2xx'] !== requests) throw new Error(`${requests - result['2xx']} of ${requests} requests failed`);
  };
  const before = cpuTime(pid);
  await send();
  return (cpuTime(pid) - before) / requests;
}

function printFigures(
  cpu: ReadonlyMap<string, readonly number[]>,
  ratios: ReadonlyMap<string, readonly number[]>,
): void {
  for (const [name, values] of cpu) {
    printFigure({ bench: 'telemetry', figure: `${name}.cpu`, value: rounded(median(values)), unit: 'ms/request' });
  }
  for (const [name, values] of ratios) {
    const [load, way] = name.split('.') as [LoadName, Way];
    const { limit } = LOADS[load];
    const value = rounded(median(values));
    const target = way === 'on' && limit !== undefined ? { target: `<=${limit}`, ok: value <= limit } : {};
    printFigure({
      bench: 'telemetry',
      figure: `${name}.ratio`,
      value,
      unit: 'ratio',
      baseline: `${load}.off`,
      ...target,
    });
  }
}

function rounded(value: number): number {
  return Number(value.toFixed(3));
}

function push(to: Map<string, number[]>, name: string, value: number): void {
  to.set(name, [...(to.get(name) ?? []), value]);
}

async function messageOf<Message>(child: ChildProcess): Promise<Message> {
  const [message] = (await once(child, 'message')) as [Message];
  return message;
}

function signingKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64');
}
