import { setTimeout as sleep } from 'node:timers/promises';
import { createTokenStore } from '../../plugins/limits/buckets/token-store.ts';
import { connectRedis } from '../../plugins/redis/index.ts';
import { startRedis, type RedisServer } from '../../tests/harness/redis.ts';
import { startLoad } from '../../tests/limits/load.ts';
import { median, printFigure } from '../figure.ts';

const ROUNDS = 5;
const CONCURRENCY = 64;
/** The default of `createTokenStore`. */
const TIMEOUT_MS = 50;
const NORMAL_MS = 500;
const AWAY_MS = 3000;
const AFTER_MS = 1500;

interface Outage {
  readonly begin: (server: RedisServer) => void | Promise<void>;
  readonly end: (server: RedisServer) => void | Promise<void>;
}

const OUTAGES: Readonly<Record<string, Outage>> = {
  paused: { begin: (server) => server.pause(), end: (server) => server.resume() },
  killed: { begin: (server) => server.kill(), end: (server) => server.restart() },
};

/** With Redis paused or killed under the load of 64 callers: the longest wait, and how soon the limit holds again. */
export async function run(): Promise<void> {
  for (const [name, outage] of Object.entries(OUTAGES)) {
    const rounds: Array<{ longest: number; back: number }> = [];
    for (let round = 0; round < ROUNDS; round++) rounds.push(await measure(outage));
    const longest = Math.round(Math.max(...rounds.map((one) => one.longest)));
    const back = Math.round(median(rounds.map((one) => one.back)));
    const wait = { target: `<=${TIMEOUT_MS + 20}`, ok: longest <= TIMEOUT_MS + 20 };
    printFigure({ bench: 'limits', figure: `longest-wait.${name}`, value: longest, unit: 'ms', ...wait });
    const again = { target: '<=1000', ok: back <= 1000 };
    printFigure({ bench: 'limits', figure: `holds-again-after.${name}`, value: back, unit: 'ms', ...again });
  }
}

async function measure({ begin, end }: Outage): Promise<{ longest: number; back: number }> {
  const server = await startRedis();
  const store = connectRedis({ url: server.url, log: { info() {}, warn() {}, error() {} } });
  await store.get('connected');
  const tokens = createTokenStore({ store, timeoutMs: TIMEOUT_MS });
  const bucket = { capacity: 1000, refillPerSecond: 1000 };
  const load = startLoad(tokens, CONCURRENCY, { kind: 'bucket', key: 'all', bucket, amount: 1 });
  try {
    await sleep(NORMAL_MS);
    load.taken();
    await begin(server);
    await sleep(AWAY_MS);
    const away = load.taken();
    await end(server);
    const ended = performance.now();
    await sleep(AFTER_MS);
    const after = load.taken();
    const lastAlone = after.findLast(({ countedBy }) => countedBy === 'local')?.askedAt ?? ended;
    const longest = [...away, ...after].reduce((most, { waitedMs }) => Math.max(most, waitedMs), 0);
    return { longest, back: Math.max(0, lastAlone - ended) };
  } finally {
    await load.stop();
    await tokens.close();
    await store.close();
    await server.close();
  }
}
