import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import * as fc from 'fast-check';
import { buildSchema, type GraphQLSchema } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compose } from '../../plugins/composition/compose.ts';
import { startDemoSubgraphs, type RunningDemo } from '../../subgraphs/index.ts';
import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { until } from '../harness/until.ts';
import { documents, frames, jsonBodies, maskedFrame, messages, requests } from './fuzz-inputs.ts';
import { answersIn, openWire, received, requestText, type WireAnswer } from './wire.ts';

/** ms; ten minutes by command: `FUZZ_MS=600000 npx vitest run tests/security/fuzz.test.ts`. */
const FUZZ_MS = Number(process.env['FUZZ_MS'] ?? 5_000);
/** ms, in which whoever is not attacking is answered, all the time. */
const PATIENCE = 2_000;
/** ms, after which an attack that is not answered, nor its connection closed, hangs. */
const HANGS = 45_000;
/** Of the gateway's process: caches are bounded, and nothing else grows. */
const MOST_BYTES = 1_200 * 1024 * 1024;

let directory: string;
let demo: RunningDemo;
let schema: GraphQLSchema;
let gateway: TestGateway;
const counts: Record<string, number> = {};
const failures: WireAnswer[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-fuzz-'));
  demo = await startDemoSubgraphs({ ports: 'free' });
  const parts = await Promise.all(
    demo.subgraphs.map(async ({ name, url }) => {
      const sdl = await readFile(new URL(`../../subgraphs/${name}/schema.graphql`, import.meta.url), 'utf8');
      return { name, url, schema: { kind: 'sdl' as const, text: sdl } };
    }),
  );
  const composition = compose(parts);
  if (!composition.composes) throw new Error('the demo does not compose');
  schema = buildSchema(composition.publicSdl);
  gateway = await startGateway({
    subgraphs: demo.subgraphs,
    env: {
      LOG_JSON: '1',
      LOG_LEVEL: 'warn',
      AUDIT_FILE: join(directory, 'audit.jsonl'),
      API_KEY_SECRET: 'x'.repeat(32),
      WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 1).toString('base64')}`,
      APQ: '1',
    },
  });
}, 90_000);
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await demo?.close();
  await rm(directory, { recursive: true, force: true });
});

/** Sends it, ends the connection on this side, and notes what is answered. */
async function attack(parts: readonly Buffer[], lane: string): Promise<void> {
  const socket = openWire(gateway);
  const all = received(socket, HANGS);
  for (const part of parts) socket.write(part);
  socket.end();
  const bytes = await all;
  note(lane);
  if (!bytes.toString('latin1', 0, 9).startsWith('HTTP/1.1')) return;
  const answers = answersOrNone(bytes);
  for (const answer of answers) {
    note(`${lane} ${answer.status}`);
    if (answer.status >= 500) failures.push(answer);
  }
}

function note(what: string): void {
  counts[what] = (counts[what] ?? 0) + 1;
}

/** An upgrade has frames behind it. */
function answersOrNone(bytes: Buffer): WireAnswer[] {
  try {
    return answersIn(bytes);
  } catch {
    return [];
  }
}

const upgrade = (): Buffer =>
  Buffer.from(
    requestText('GET /graphql HTTP/1.1', [
      'connection: Upgrade',
      'upgrade: websocket',
      'sec-websocket-version: 13',
      'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==',
      'sec-websocket-protocol: graphql-transport-ws',
    ]),
  );
const INIT = maskedFrame(0x81, Buffer.from('{"type":"connection_init"}'));

async function attackSocket(parts: readonly Buffer[], isInitialized: boolean): Promise<void> {
  const socket = openWire(gateway);
  const all = received(socket, HANGS);
  socket.write(upgrade());
  await Promise.race([once(socket, 'data').catch(() => {}), all]);
  if (isInitialized) socket.write(INIT);
  for (const part of parts) socket.write(part);
  // A closing, for what is still open then.
  socket.write(maskedFrame(0x88, Buffer.from([0x03, 0xe8])));
  await sleep(20);
  socket.end();
  await all;
  note('frames');
}

/** Asks all the time whether the gateway is there, in a thread that what makes the attacks does not keep waiting. */
async function watch(isOver: () => boolean): Promise<number> {
  const watcher = new Worker(
    `const { parentPort, workerData: url } = require('node:worker_threads');
     const ask = async () => {
       const start = performance.now();
       const { status } = await fetch(url, { signal: AbortSignal.timeout(30_000) });
       parentPort.postMessage({ status, ms: Math.round(performance.now() - start) });
       setTimeout(ask, 100);
     };
     void ask();`,
    { eval: true, workerData: `${gateway.url}/health/live` },
  );
  let longest = 0;
  let asked = 0;
  const failed = new Promise<never>((_, reject) => {
    watcher.on('error', reject);
    watcher.on('message', ({ status, ms }: { readonly status: number; readonly ms: number }) => {
      asked++;
      longest = Math.max(longest, ms);
      if (status !== 200 || ms > PATIENCE) reject(new Error(`/health/live answered ${status} in ${ms} ms`));
    });
  });
  try {
    await Promise.race([failed, until('the end', isOver, FUZZ_MS + 60_000)]);
  } finally {
    await watcher.terminate();
  }
  expect(asked).toBeGreaterThan(FUZZ_MS / 1_000);
  return longest;
}

async function residentBytes(): Promise<number> {
  const status = await readFile(`/proc/${gateway.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
}

test(
  'whatever comes over HTTP and WebSocket, the gateway is there, and each failure is in its log',
  { timeout: FUZZ_MS + 120_000 },
  async () => {
    const document = documents(schema);
    const body = jsonBodies(document);
    const until_ = { numRuns: 100_000_000, interruptAfterTimeLimit: FUZZ_MS, markInterruptAsFailure: false } as const;
    const lane = <Input>(input: fc.Arbitrary<Input>, run: (input: Input) => Promise<void>): Promise<void> =>
      fc.assert(fc.asyncProperty(input, run), until_);
    const post = (content: Buffer, isChunked: boolean): Buffer =>
      Buffer.concat([
        Buffer.from(
          requestText('POST /graphql HTTP/1.1', [
            'content-type: application/json',
            'connection: close',
            isChunked ? 'transfer-encoding: chunked' : `content-length: ${content.length}`,
          ]),
        ),
        ...(isChunked
          ? [Buffer.from(`${content.length.toString(16)}\r\n`), content, Buffer.from('\r\n0\r\n\r\n')]
          : [content]),
      ]);
    let isOver = false;
    const watched = watch(() => isOver);
    await Promise.race([
      watched,
      Promise.all([
        lane(fc.array(requests(body), { minLength: 1, maxLength: 2 }), (parts) => attack(parts, 'bytes')),
        lane(fc.tuple(body, fc.boolean()), ([content, isChunked]) => attack([post(content, isChunked)], 'json')),
        lane(document, (query) => attack([post(Buffer.from(JSON.stringify({ query })), false)], 'graphql')),
        lane(fc.tuple(fc.array(frames(messages(document)), { maxLength: 8 }), fc.boolean()), ([parts, isInitialized]) =>
          attackSocket(parts, isInitialized),
        ),
      ]),
    ]);
    isOver = true;
    const longest = Math.round(await watched);

    const ids = failures.map(({ headers }) => headers.find(([name]) => name === 'x-request-id')?.[1] ?? 'no id');
    await until('the failures in the log', () => ids.every((id) => gateway.log().includes(id))).catch(() => {});
    expect(failures.filter((_, at) => !gateway.log().includes(ids[at] ?? ''))).toEqual([]);
    expect(gateway.log()).not.toMatch(/[Uu]nhandled|ERR_UNHANDLED|heap out of memory/);
    const most = await residentBytes();
    expect(most).toBeLessThan(MOST_BYTES);
    expect((await gateway.query('{ __typename }')).data).toEqual({ __typename: 'Query' });
    const told = {
      ...counts,
      failures: failures.length,
      longestWait: longest,
      megabytes: Math.round(most / 1024 / 1024),
    };
    if (process.env['FUZZ_MS'])
      process.stdout.write(`${JSON.stringify({ ...told, failed: failures.slice(0, 5) }, undefined, 1)}\n`);
  },
);
