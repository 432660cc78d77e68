import { spawn } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fileSink, type AuditSink, type FileSinkOptions } from '../../../plugins/audit/index.ts';
import { until } from '../../harness/until.ts';
import { fileIn, filesIn, linesIn, SIGNING_KEY, verify } from '../audited-gateway.ts';
import { encoded } from '../some-record.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-file-'));
});
afterEach(() => rm(folder, { recursive: true }));

const sinkOf = (options: Partial<FileSinkOptions> = {}): AuditSink =>
  fileSink({ path: fileIn(folder), signingKey: SIGNING_KEY, ...options });

async function write(sink: AuditSink, ...ids: readonly string[]): Promise<void> {
  await sink.open();
  await sink.write(ids.map((requestId) => encoded({ requestId })));
}

const typesOf = async () =>
  (await linesIn(folder)).map(({ type, reason }) => (typeof reason === 'string' ? `${type} ${reason}` : type));

async function expectSound(): Promise<void> {
  const { code, stderr } = await verify(await filesIn(folder));
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
}

test('a file is for its owner alone, in a folder that is made', async () => {
  await write(sinkOf(), 'a');
  expect((await stat(fileIn(folder))).mode & 0o777).toBe(0o600);
  expect((await stat(dirname(fileIn(folder)))).mode & 0o777).toBe(0o700);
});

test('it begins with a signed checkpoint, has one after so many records, and ends with one', async () => {
  const sink = sinkOf({ checkpointEvery: 2 });
  await write(sink, 'a', 'b', 'c');
  await sink.close();
  expect(await typesOf()).toEqual([
    'opened',
    'checkpoint opened',
    'operation',
    'operation',
    'checkpoint interval',
    'operation',
    'checkpoint closed',
  ]);
  await expectSound();
});

test('it has a checkpoint after so long when there were records, and none when there were not', async () => {
  const sink = sinkOf({ checkpointInterval: 10 });
  await write(sink, 'a');
  await until('the checkpoint', async () => {
    await sink.tend?.();
    return (await typesOf()).at(-1) === 'checkpoint interval';
  });
  const { length } = await linesIn(folder);
  await sink.tend?.();
  expect(await linesIn(folder)).toHaveLength(length);
});

test('the next process goes on with the chain, also after one that was killed within a line', async () => {
  const closed = sinkOf();
  await write(closed, 'a');
  await closed.close();
  await write(sinkOf(), 'b');
  await appendFile(fileIn(folder), '{"seq":7,"type":"opera');
  const next = sinkOf();
  await write(next, 'c');
  await next.close();
  expect(await typesOf()).toEqual([
    'opened',
    'checkpoint opened',
    'operation',
    'checkpoint closed',
    'resumed',
    'operation',
    'resumed',
    'operation',
    'checkpoint closed',
  ]);
  expect((await linesIn(folder))[6]).toMatchObject({ torn: 22 });
  expect(await readFile(`${fileIn(folder)}.torn`, 'utf8')).toBe('{"seq":7,"type":"opera');
  await expectSound();
});

test('what a lost disk left behind the last whole line is put aside', async () => {
  await write(sinkOf(), 'a', 'b');
  await appendFile(fileIn(folder), Buffer.concat([Buffer.alloc(200_000), Buffer.from('\n\n\0\0\n')]));
  await write(sinkOf(), 'c');
  await expectSound();
  expect((await stat(`${fileIn(folder)}.torn`)).size).toBe(200_005);
});

describe('rotation', () => {
  test('by size and by time keeps the chain', async () => {
    for (const options of [{ rotateBytes: 4_096 }, { rotateInterval: 100 }]) {
      const sink = sinkOf(options);
      const before = (await filesIn(folder)).length;
      await sink.open();
      await until('two more files', async () => {
        await sink.write([encoded()]);
        return (await filesIn(folder)).length >= before + 2;
      });
      await sink.close();
      await expectSound();
    }
    expect(await typesOf()).toContain('checkpoint rotated');
  });

  test('that was begun and not ended by a process goes on with the next', async () => {
    const sink = sinkOf();
    await write(sink, 'a');
    await sink.close();
    const { rotate } = await import('../../../plugins/audit/sinks/file/rotated-files.ts');
    await rotate(fileIn(folder), 4);
    await write(sinkOf(), 'b');
    await expectSound();
    expect((await linesIn(folder)).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });
});

describe('nothing is written', () => {
  test('to a file that is something else', async () => {
    await mkdir(dirname(fileIn(folder)));
    await writeFile(fileIn(folder), 'my notes\n');
    await expect(sinkOf().open()).rejects.toThrow('is no audit log');
    expect(await readFile(fileIn(folder), 'utf8')).toBe('my notes\n');
  });

  test('to a FIFO, which nobody reads', async () => {
    await mkdir(dirname(fileIn(folder)));
    const made = spawn('mkfifo', [fileIn(folder)]);
    await new Promise((resolve) => made.once('exit', resolve));
    await expect(sinkOf().open()).rejects.toThrow();
  });

  test('to a file that somebody else writes to, cuts or removes', async () => {
    const sink = sinkOf();
    await write(sink, 'a');
    await appendFile(fileIn(folder), 'x');
    await expect(sink.write([encoded()])).rejects.toThrow('somebody else has written');
    await truncate(fileIn(folder), 10);
    await expect(sink.write([encoded()])).rejects.toThrow('somebody else has written');
    await rm(fileIn(folder));
    await expect(sink.write([encoded()])).rejects.toThrow();
  });
});

test('a disk that is full takes nothing in part, and goes on when there is room', async () => {
  // A limit of the process on the size of its files stands for the disk.
  const script = `
    import { fileSink } from './plugins/audit/index.ts';
    process.on('SIGXFSZ', () => {});
    const sink = fileSink({ path: process.argv[1] });
    await sink.open();
    let outcomes = '';
    for (let i = 0; i < 20; i++) await sink.write([{ json: JSON.stringify({ type: 'operation', requestId: 'x'.repeat(i % 2 === 0 ? 900 : 1) }) }]).then(() => (outcomes += 'written '), () => (outcomes += 'failed '));
    await sink.close().catch(() => {});
    console.log(outcomes);`;
  const child = spawn(
    'sh',
    ['-c', `ulimit -f 8; exec ${process.execPath} --input-type=module-typescript -e "$0" ${fileIn(folder)}`, script],
    {
      cwd: new URL('../../..', import.meta.url).pathname,
    },
  );
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  await new Promise((resolve) => child.once('exit', resolve));
  // What is smaller has room after what had none.
  expect(printed).toMatch(/failed .*written/);
  await write(sinkOf(), 'with room again');
  const { code, stderr } = await verify(await filesIn(folder), { AUDIT_PUBLIC_KEY: '' });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

describe('options are checked', () => {
  test.each([
    [{ signingKey: 'no key' }, 'useAudit: fileSink: signingKey: it takes an Ed25519 private key'],
    [{ checkpointEvery: 0 }, 'useAudit: fileSink: checkpointEvery is 0; it takes a whole number from 1'],
    [{ durability: 'never' as 'sync' }, 'useAudit: fileSink: durability is "never"'],
    [{ path: '' }, 'useAudit: fileSink: path takes the path of a file'],
  ])('%j', (options, message) => {
    expect(() => sinkOf(options)).toThrow(message);
  });
});
