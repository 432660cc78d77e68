import { printFigure } from '../figure.ts';
import { figuresOf, type Sample } from './figures.ts';
import { clientOf, type Answer, type Client } from './load.ts';
import { oneProduct } from './operations.ts';
import { startProcesses } from './processes.ts';
import { checkSeen, WAYS, waysTo, type Ways } from './ways.ts';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
const WARM_UPS = 3;
const BARE_REQUESTS = 5_000;

/**
 * What it costs to answer from each part of the cache: beside a Node HTTP server that answers the same, beside the stock
 * gateway's `responseCaching`, and beside no cache. The CPU time is that of the answering process.
 */
export async function run(): Promise<void> {
  await using processes = await startProcesses();
  await using ways = await waysTo(processes);
  const answer = await answerOfFrontDoor(ways);
  const server = await processes.startBare(answer);
  await using same = clientOf(server, processes.token);
  await using alone = clientOf({ ...server, url: `${server.url}/body-alone` }, processes.token);

  const contenders = new Map<string, (isWarm: boolean) => Promise<Sample>>([
    ['bare server', () => sendToBare(same)],
    ['bare server without headers', () => sendToBare(alone)],
  ]);
  for (const name of WAYS) {
    contenders.set(name, async (isWarm) => {
      const seen = await ways.send(name);
      if (isWarm) checkSeen(name, seen);
      return seen;
    });
  }

  for (let round = 1; round <= WARM_UPS; round++) {
    for (const send of contenders.values()) await send(false);
    console.error(`warmed up ${round} of ${WARM_UPS}`);
  }
  const measured = new Map<string, Sample[]>([...contenders.keys()].map((name) => [name, []]));
  for (let round = 1; round <= ROUNDS; round++) {
    // Each comes first and last in turn, so that none gains by its place.
    const order = [...contenders];
    for (const [name, send] of [...order.slice(round % order.length), ...order.slice(0, round % order.length)]) {
      const sample = await send(true);
      measured.get(name)?.push(sample);
      const { cpu, p99, calls } = sample;
      const asked = `${calls.requests} calls, ${calls.representations} representations`;
      console.error(`round ${round} ${name}: ${cpu.toFixed(0)} µs of CPU, p99 ${p99.toFixed(1)} ms; ${asked}`);
    }
  }
  for (const figure of figuresOf(measured)) printFigure(figure);
}

/** What is answered for the third time is held, and known to be. */
async function answerOfFrontDoor(ways: Ways): Promise<Answer> {
  for (let time = 1; time < 3; time++) await ways.ask('l1 hit');
  const { headers, body } = await ways.ask('l1 hit');
  if (!headers['cache-status']?.includes('; hit')) throw new Error(`not a hit: ${JSON.stringify(headers)}`);
  const own = new Set(['date', 'connection', 'keep-alive']);
  return { headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !own.has(name))), body };
}

async function sendToBare(client: Client): Promise<Sample> {
  return { ...(await client.send(BARE_REQUESTS, oneProduct)), calls: { requests: 0, representations: 0 }, behind: 0 };
}
