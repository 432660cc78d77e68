import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { fileSink, redisStreamSink, type AuditSink, type BackPressure } from '../../plugins/audit/index.ts';
import { openRecorder, type Admission, type Recorder } from '../../plugins/audit/recorder.ts';
import { connectRedis } from '../../plugins/redis/index.ts';
import { end } from '../harness/child-process.ts';
import { startRedis, type RedisServer } from '../harness/redis.ts';
import { until } from '../harness/until.ts';
import { fileIn, linesIn } from './audited-gateway.ts';
import { record } from './some-record.ts';

// What becomes of operations while a real sink does not take their records.

const CAPACITY = 3;
const BLOCK_TIMEOUT = 300;
const ROOT = new URL('../..', import.meta.url).pathname;

let redis: RedisServer;
let folder: string;
beforeAll(async () => {
  redis = await startRedis();
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-pressure-'));
});
afterAll(async () => {
  await redis?.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => redis.resume());

interface Opened {
  readonly recorder: Recorder;
  readonly counted: Record<string, number>;
  readonly logged: string[];
}

function open(backPressure: BackPressure, ...sinks: readonly AuditSink[]): Opened {
  const counted: Record<string, number> = {};
  const logged: string[] = [];
  const tell = (_: unknown, message?: string) => void logged.push(message ?? '');
  const recorder = openRecorder({
    sinks,
    backPressure,
    capacity: CAPACITY,
    blockTimeout: BLOCK_TIMEOUT,
    count: (sink, outcome, count) =>
      void (counted[`${sink} ${outcome}`] = (counted[`${sink} ${outcome}`] ?? 0) + count),
    log: { info: tell, warn: tell, error: tell } as never,
  });
  onTestFinished(() => recorder.close());
  return { recorder, counted, logged };
}

function streamSink(stream: string): AuditSink {
  const store = connectRedis({ url: redis.url });
  onTestFinished(() => store.close());
  return redisStreamSink({ store, stream });
}

async function operation({ recorder }: Opened): Promise<Admission> {
  const admission = await recorder.begin();
  if (admission !== 'refused') recorder.record(record(), admission);
  return admission;
}

async function entriesOf(stream: string): Promise<number> {
  const client = new Redis(redis.url);
  const length = await client.xlen(stream);
  client.disconnect();
  return length;
}

describe('while Redis stands still', () => {
  test('drop-and-count lets all of them go on, counts what has no room, and tells how much that was', async () => {
    const opened = open('drop-and-count', streamSink('dropping'));
    redis.pause();
    for (let i = 0; i < 10; i++) expect(await operation(opened)).toBe('without');
    expect(opened.counted['redis dropped']).toBe(7);
    expect(opened.recorder.status()[0]).toMatchObject({ dropped: 7, waiting: CAPACITY });
    await until('that it is down', () => opened.recorder.status()[0]?.status === 'down');
    expect(opened.logged).toEqual([
      'Audit records are dropped: there is no room for them',
      'Audit records cannot be written',
    ]);
    redis.resume();
    await until('the records', async () => (await entriesOf('dropping')) >= CAPACITY + 1);
    expect(opened.recorder.status()[0]).toMatchObject({ status: 'ok', records: CAPACITY, waiting: 0 });
    expect(opened.logged.at(-1)).toBe('Audit records are written again');
  });

  test('block has them wait: for room, and not for ever', async () => {
    const opened = open('block', streamSink('blocking'));
    redis.pause();
    for (let i = 0; i < CAPACITY; i++) expect(await operation(opened)).toBe('place');
    const before = performance.now();
    expect(await operation(opened)).toBe('without');
    expect(performance.now() - before).toBeGreaterThan(BLOCK_TIMEOUT - 10);
    expect(opened.counted['redis dropped']).toBe(1);
    redis.resume();
    await until('room', () => opened.recorder.status()[0]?.waiting === 0);
    expect(await operation(opened)).toBe('place');
  });

  test('fail-closed refuses them, and not what has begun', async () => {
    const opened = open('fail-closed', streamSink('closing'));
    const begun = await opened.recorder.begin();
    expect(begun).toBe('place');
    redis.pause();
    for (let i = 1; i < CAPACITY; i++) expect(await operation(opened)).toBe('place');
    expect(await operation(opened)).toBe('refused');
    expect(opened.recorder.mayBegin()).toBe(false);
    opened.recorder.record(record(), begun);
    expect(opened.counted).toMatchObject({ 'redis refused': 1 });
    expect(opened.counted['redis dropped']).toBeUndefined();
    redis.resume();
    await until('all of them', async () => (await entriesOf('closing')) >= CAPACITY);
    await until('that it takes more', async () => (await operation(opened)) === 'place');
  });

  test('another sink has all of them nevertheless, with drop-and-count', async () => {
    const other = fileSink({ path: fileIn(folder), durability: 'sync' });
    const opened = open('drop-and-count', streamSink('beside'), other);
    redis.pause();
    for (let i = 0; i < 10; i++)
      expect(await opened.recorder.recordDurably(record({ requestId: `beside-${i}` }), 'without')).toBe(true);
    const ids = (await linesIn(folder)).flatMap(({ requestId }) => requestId ?? []);
    expect(ids).toEqual(Array.from({ length: 10 }, (_, index) => `beside-${index}`));
  });
});

test('those who wait get the places that become free, in their order, and nobody else does', async () => {
  const { promise: go, resolve } = Promise.withResolvers<void>();
  const slow: AuditSink = {
    name: 'slow',
    durability: 'buffered',
    maxBatch: 1,
    open: () => go,
    write: async () => {},
    close: async () => {},
  };
  const opened = open('block', slow);
  const places: Admission[] = [];
  for (let i = 0; i < CAPACITY; i++) places.push(await opened.recorder.begin());
  const told: number[] = [];
  const waiting = [0, 1].map(async (number) => {
    const admission = await opened.recorder.begin();
    told.push(number);
    return admission;
  });
  resolve();
  for (const admission of places) opened.recorder.record(record(), admission);
  expect(await Promise.all(waiting)).toEqual(['place', 'place']);
  expect(told).toEqual([0, 1]);
  expect(opened.counted['slow dropped']).toBeUndefined();
});

test('standard output that nobody reads stops nothing', async () => {
  const script = `
    import { stdoutSink } from './plugins/audit/index.ts';
    import { openRecorder } from './plugins/audit/recorder.ts';
    const recorder = openRecorder({ sinks: [stdoutSink()], backPressure: 'drop-and-count', capacity: 2000, blockTimeout: 10, count() {}, log: undefined });
    const record = { type: 'operation', requestId: 'x'.repeat(1000) };
    setInterval(() => { for (let i = 0; i < 200; i++) recorder.record(record, 'without'); console.error(recorder.status()[0].dropped); }, 10);`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], { cwd: ROOT });
  onTestFinished(() => end(child));
  let told = '';
  child.stderr.on('data', (chunk: Buffer) => (told += chunk.toString()));
  await until('that records are dropped, and time goes on', () => Number(told.trim().split('\n').at(-1)) > 2_000);
  // Whoever reads at last gets whole lines.
  let read = '';
  child.stdout.on('data', (chunk: Buffer) => (read += chunk.toString()));
  await until('more than a pipe holds', () => read.length > 1_000_000);
  for (const line of read.split('\n').slice(0, -1)) expect(JSON.parse(line)).toHaveProperty('type');
});
