import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { median, printFigure } from '../figure.ts';
import { startGateway, type GatewayProcess } from '../gateway-process.ts';
import { SUBGRAPHS, TYPES } from './generated-subgraphs.ts';

/** The longest that a reload may keep the event loop from serving requests, in ms. */
const TARGET = 250;
const RELOADS = 5;
/** ms of traffic on a new supergraph that count as part of the reload: the engine builds some of it on first use. */
const SETTLE = 1_500;
const REQUEST_INTERVAL = 10;

type Engine = 'bare' | 'gatehouse';

/**
 * How long the event loop of a gateway under traffic is blocked at a time by reloading 50 subgraphs of 2,000 types:
 * with router-runtime's handler as it comes, and with Gatehouse's.
 */
export async function run(): Promise<void> {
  const subgraphs = fork(new URL('subgraph-server.ts', import.meta.url).pathname);
  try {
    const [port] = (await once(subgraphs, 'message')) as [number];
    const server = `http://127.0.0.1:${port}`;
    for (const engine of ['bare', 'gatehouse'] as const) await measure(engine, server);
  } finally {
    subgraphs.kill();
  }
}

async function measure(engine: Engine, server: string): Promise<void> {
  await fetch(`${server}/revision/0`, { method: 'PUT' });
  const gateway = await startGateway(new URL('gateway.config.ts', import.meta.url), '/bench/delay', {
    SUBGRAPH_SERVER: server,
    ENGINE: engine,
  });
  try {
    const traffic = startTraffic(gateway);
    await sleep(SETTLE);
    await longestBlock(gateway);
    await sleep(SETTLE);
    const idle = await longestBlock(gateway);
    const blocks: number[] = [];
    const durations: number[] = [];
    const compositions: number[] = [];
    for (let revision = 1; revision <= RELOADS; revision++) {
      await fetch(`${server}/revision/${revision}`, { method: 'PUT' });
      const start = performance.now();
      const status = (await (await fetch(`${gateway.url}/bench/refresh`)).json()) as {
        version: string;
        compositionMs: number;
      };
      compositions.push(status.compositionMs);
      durations.push(performance.now() - start);
      await sleep(SETTLE);
      const block = await longestBlock(gateway);
      blocks.push(block);
      console.error(
        `${engine}: reload ${revision} to ${status.version} took ${durations.at(-1)?.toFixed(0)} ms, longest block ${block.toFixed(0)} ms`,
      );
    }
    const failed = await traffic.stop();
    const of = `${SUBGRAPHS} subgraphs, ${TYPES} types`;
    const bench = 'reload';
    printFigure({ bench, figure: `${engine}.block.idle`, value: Math.round(idle), unit: 'ms' });
    printFigure({
      bench,
      figure: `${engine}.block.median`,
      value: Math.round(median(blocks)),
      unit: 'ms',
      baseline: of,
    });
    const longest = Math.round(Math.max(...blocks));
    printFigure({
      bench,
      figure: `${engine}.block.longest`,
      value: longest,
      unit: 'ms',
      baseline: of,
      ...(engine === 'gatehouse' && { target: `<=${TARGET}`, ok: longest <= TARGET }),
    });
    printFigure({
      bench,
      figure: `${engine}.duration.median`,
      value: Math.round(median(durations)),
      unit: 'ms',
      baseline: of,
    });
    printFigure({
      bench,
      figure: `${engine}.composition.median`,
      value: median(compositions),
      unit: 'ms',
      baseline: of,
    });
    printFigure({ bench, figure: `${engine}.failed`, value: failed, unit: 'requests', target: '0', ok: failed === 0 });
  } finally {
    await gateway.stop();
  }
}

async function longestBlock(gateway: GatewayProcess): Promise<number> {
  const { longest } = (await (await fetch(`${gateway.url}/bench/delay`)).json()) as { longest: number };
  return longest;
}

/** A steady trickle of a query that each supergraph can answer. `stop` gives how many requests failed. */
function startTraffic(gateway: GatewayProcess): { stop(): Promise<number> } {
  const body = JSON.stringify({ query: '{ list7 { id name count } }' });
  const pending = new Set<Promise<void>>();
  let failed = 0;
  async function send(): Promise<void> {
    try {
      const response = await fetch(`${gateway.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      const result = (await response.json()) as { errors?: unknown };
      if (result.errors) failed++;
    } catch {
      failed++;
    }
  }
  const timer = setInterval(() => {
    const sent = send().finally(() => pending.delete(sent));
    pending.add(sent);
  }, REQUEST_INTERVAL);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(pending);
      return failed;
    },
  };
}
