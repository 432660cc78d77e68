import { fork } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { composeOnce } from '../../../plugins/composition/compose-once.ts';
import { composeSubgraphs } from '../../../plugins/composition/index.ts';
import { startRedis } from '../../../tests/harness/redis.ts';
import { cpuTime } from '../../cpu-time.ts';
import { median, printFigure } from '../../figure.ts';
import { startGateway, type GatewayProcess } from '../../gateway-process.ts';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 15);
const REQUESTS = 400;
const CONNECTIONS = 8;
const QUERY = '{ product(upc: "1") { upc name price } }';

const GATEHOUSE = { config: new URL('gatehouse.config.ts', import.meta.url), ready: '/health/ready' };
const STOCK = { config: new URL('stock.config.ts', import.meta.url), ready: '/readiness' };

const GATEWAYS = {
  'gatehouse.none': { ...GATEHOUSE, env: { POLICIES: '0' } },
  'gatehouse.1': { ...GATEHOUSE, env: { POLICIES: '1' } },
  'gatehouse.3': { ...GATEHOUSE, env: { POLICIES: '3' } },
  'gatehouse.1.leases': { ...GATEHOUSE, env: { POLICIES: '1', LEASES: 'on' } },
  'stock.none': { ...STOCK, env: { RATE_LIMITING: 'off' } },
  'stock.1': { ...STOCK, env: { RATE_LIMITING: 'on' } },
} as const;
type Name = keyof typeof GATEWAYS;

/** CPU that limits add to a request of a running gateway, beside what the stock gateway's `rateLimiting` adds to its own. */
export async function measureGateways(): Promise<void> {
  const subgraphs = fork(new URL('../../engine/subgraphs.ts', import.meta.url).pathname);
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-bench-limits-'));
  const redis = await startRedis();
  const started = new Map<Name, GatewayProcess>();
  try {
    const demo = await new Promise<{ name: string; url: string }[]>((resolve) =>
      subgraphs.once('message', resolve as never),
    );
    const file = join(directory, 'supergraph.graphql');
    await writeFile(file, await supergraphOf(demo));
    const SUBGRAPHS = demo.map(({ name, url }) => `${name}=${url}`).join(',');
    for (const [name, { config, ready, env }] of Object.entries(GATEWAYS) as [Name, (typeof GATEWAYS)[Name]][]) {
      started.set(
        name,
        await startGateway(config, ready, { SUPERGRAPH_FILE: file, SUBGRAPHS, REDIS_URL: redis.url, ...env }),
      );
    }
    printFigures(await measureAll(started));
  } finally {
    await Promise.all([...started.values()].map((gateway) => gateway.stop()));
    subgraphs.kill();
    await redis.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function measureAll(gateways: ReadonlyMap<Name, GatewayProcess>): Promise<ReadonlyMap<Name, readonly number[]>> {
  const measured = new Map<Name, number[]>();
  // The first round warms up.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, { url, process: child }] of gateways) {
      const pid = child.pid ?? 0;
      const before = cpuTime(pid);
      const result = await autocannon({
        url: `${url}/graphql`,
        connections: CONNECTIONS,
        amount: REQUESTS,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: QUERY }),
      });
      if (result['2xx'] !== REQUESTS) throw new Error(`${name}: ${REQUESTS - result['2xx']} requests failed`);
      if (round > 0) measured.set(name, [...(measured.get(name) ?? []), (cpuTime(pid) - before) / REQUESTS]);
    }
  }
  return measured;
}

function printFigures(measured: ReadonlyMap<Name, readonly number[]>): void {
  const added = (name: Name, without: Name): number => {
    const base = measured.get(without) ?? [];
    return median((measured.get(name) ?? []).map((ms, round) => ms - (base[round] ?? ms)));
  };
  for (const [name, values] of measured) {
    printFigure({ bench: 'limits', figure: `request.${name}`, value: rounded(median(values)), unit: 'ms of CPU' });
  }
  const stock = added('stock.1', 'stock.none');
  printFigure({ bench: 'limits', figure: 'added.stock.1', value: rounded(stock), unit: 'ms of CPU' });
  for (const name of ['gatehouse.1', 'gatehouse.1.leases', 'gatehouse.3'] as const) {
    const value = rounded(added(name, 'gatehouse.none'));
    const target = `<${rounded(stock)}`;
    const baseline = "what the stock gateway's rateLimiting adds to its own";
    printFigure({
      bench: 'limits',
      figure: `added.${name}`,
      value,
      unit: 'ms of CPU',
      baseline,
      target,
      ok: value < stock,
    });
  }
}

async function supergraphOf(subgraphs: readonly { name: string; url: string }[]): Promise<string> {
  const once = await composeOnce(composeSubgraphs({ subgraphs }).options);
  if (!once.collected || !once.composition.composes) throw new Error('the demo subgraphs do not compose');
  return once.composition.supergraphSdl;
}

function rounded(value: number): number {
  return Number(value.toFixed(3));
}
