import { median } from '../figure.ts';
import type { Request } from '../all/load.ts';
import { bodyOf, PLAIN } from '../all/operations.ts';
import { startGround, type Ground } from '../all/ground.ts';
import { cpuTimeOfTree } from '../all/process-tree.ts';
import { startChild, type Child } from '../subscriptions/child.ts';
import type { ClientsCommand } from './clients.ts';
import type { Asked } from './closed-loop.ts';
import { print } from './figures.ts';
import { fleetOf, type Gateway } from './fleet.ts';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
/** Loads of each gateway by itself, so that its compiler has done with it, and its own memory has what it can keep. */
const WARM_UPS = 2;
const MOST_WARM_UPS = 30;
/** Calls for a request, beyond which it was not answered from a cache: gateways also look whether subgraphs are there. */
const MOST_CALLS = 0.05;
/** In all, however many gateways they are spread over. */
const CONNECTIONS = 16;
const CACHED = 'small.cached';
/** All of them are kept by each gateway. */
const CACHED_KEYS = 200;
/** Nothing is the same before all products of the demo were asked for. */
const UNCACHED_KEYS = 1_000;

interface Sample {
  /** Requests per second. */
  readonly rate: number;
  /** ms of CPU for a request, of all gateways. */
  readonly cpu: number;
  readonly p99: number;
  /** To subgraphs, for a request. */
  readonly calls: number;
}

/** Requests per second and CPU of the first 1, 2 and 4 of as many gateways as that, in turn. */
export async function measureThroughput(counts: readonly number[], loadMs: number): Promise<void> {
  await using ground = await startGround();
  await using clients = startChild<ClientsCommand>(new URL('clients.ts', import.meta.url).href);
  const { subgraphs, services, tokens } = ground;
  await using fleet = fleetOf(new URL('../all/gatehouse.config.ts', import.meta.url), (n) => ({
    SUBGRAPHS: subgraphs,
    ...services,
    AUDIT_FILE: `${services['AUDIT_FILE']}.${n}`,
  }));
  const gateways = await fleet.grownTo(Math.max(...counts));
  const kinds = {
    'small.uncached': requestsOf(tokens, UNCACHED_KEYS, { 'cache-control': 'no-store' }),
    [CACHED]: requestsOf(tokens, CACHED_KEYS, {}),
  };
  for (const [kind, requests] of Object.entries(kinds)) {
    const sample = (some: readonly Gateway[]): Promise<Sample> => sampleOf(clients, ground, some, requests, loadMs);
    for (const gateway of gateways) await warmUp(kind, () => sample([gateway]));
    const measured = new Map(counts.map((count): [number, Sample[]] => [count, []]));
    for (let round = 1; round <= ROUNDS; round++) {
      for (const [count, samples] of measured) {
        const one = await sample(gateways.slice(0, count));
        console.error(
          `round ${round} ${kind} n${count}: ${one.rate.toFixed(0)} requests/s, ${one.cpu.toFixed(3)} ms of CPU`,
        );
        if (!isAsMeant(kind, one)) throw new Error(`${kind}: ${one.calls} calls for a request`);
        samples.push(one);
      }
    }
    printSamples(kind, measured);
  }
}

/** Throws an `Error` when a gateway does not answer from its cache in the end. */
async function warmUp(kind: string, sample: () => Promise<Sample>): Promise<void> {
  for (let n = 1; n <= MOST_WARM_UPS; n++) {
    if (isAsMeant(kind, await sample()) && n >= WARM_UPS) return;
  }
  throw new Error(`${kind}: a gateway went on to call subgraphs`);
}

function isAsMeant(kind: string, { calls }: Sample): boolean {
  return kind !== CACHED || calls <= MOST_CALLS;
}

function requestsOf(
  tokens: readonly string[],
  keys: number,
  headers: Readonly<Record<string, string>>,
): readonly Request[] {
  return Array.from({ length: keys }, (_, n) => ({
    headers: { 'content-type': 'application/json', authorization: `Bearer ${tokens[n % tokens.length]}`, ...headers },
    body: bodyOf('small', 'variables', n, PLAIN),
  }));
}

/** Throws an `Error` when a request failed. */
async function sampleOf(
  clients: Child<ClientsCommand>,
  { takeCalls }: Pick<Ground, 'takeCalls'>,
  gateways: readonly Gateway[],
  requests: readonly Request[],
  ms: number,
): Promise<Sample> {
  const used = (): number => gateways.reduce((sum, { pid }) => sum + cpuTimeOfTree(pid), 0);
  await takeCalls();
  const before = used();
  const { answered, duration, p99, failures } = await clients.ask<Asked>({
    do: 'ask',
    requests,
    urls: gateways.map(({ url }) => url),
    connections: CONNECTIONS / gateways.length,
    ms,
  });
  const cpu = (used() - before) / answered;
  if (failures.length > 0) throw new Error(`${failures.length} requests failed, the first with ${failures[0]}`);
  return { rate: (answered * 1_000) / duration, cpu, p99, calls: (await takeCalls()) / answered };
}

function printSamples(kind: string, measured: ReadonlyMap<number, readonly Sample[]>): void {
  const alone = measured.get(1) ?? [];
  for (const [count, samples] of measured) {
    const figure = `requests.${kind}.n${count}`;
    print(figure, median(samples.map(({ rate }) => rate)), 'requests/s');
    print(`${figure}.cpu`, median(samples.map(({ cpu }) => cpu)), 'ms/request', 4);
    print(`${figure}.p99`, median(samples.map(({ p99 }) => p99)), 'ms', 1);
    if (count === 1) continue;
    const ratio = (of: 'rate' | 'cpu'): number => median(samples.map((one, n) => one[of] / (alone[n]?.[of] ?? NaN)));
    print(`${figure}.vs.n1`, ratio('rate'), 'ratio', 2, { baseline: 'n1' });
    print(`${figure}.cpu.vs.n1`, ratio('cpu'), 'ratio', 2, { baseline: 'n1' });
  }
}
