import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkpointKey } from '../../../plugins/audit/chain/keys.ts';
import { GENESIS, seal, type Head } from '../../../plugins/audit/chain/line.ts';
import { readLines } from '../../../plugins/audit/chain/read-lines.ts';
import { chainVerifier, type Verification } from '../../../plugins/audit/chain/verify.ts';
import { fileSink } from '../../../plugins/audit/index.ts';
import { verify as runVerify, PUBLIC_KEY, SIGNING_KEY } from '../audited-gateway.ts';
import { encoded } from '../some-record.ts';

// What a verifier finds in a file that somebody has changed: all of it, and where.

const RUNS = Number(process.env.FAST_CHECK_RUNS ?? 150);
const RECORDS = 14;
const NEWLINE = 0x0a;
const key = checkpointKey(String(PUBLIC_KEY));

let folder: string;
let original: Buffer;
let lines: readonly string[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-chain-'));
  const path = join(folder, 'audit.jsonl');
  const sink = fileSink({ path, signingKey: SIGNING_KEY, checkpointEvery: 5 });
  await sink.open();
  await sink.write(Array.from({ length: RECORDS }, (_, number) => encoded({ requestId: `ü-${number}` })));
  await sink.close();
  original = await readFile(path);
  lines = original.toString().split('\n').slice(0, -1);
});
afterAll(() => rm(folder, { recursive: true }));

async function verify(...files: readonly (Buffer | string)[]): Promise<Verification> {
  const verifier = chainVerifier(key);
  for (const [number, bytes] of files.entries()) {
    const path = join(folder, `changed-${number}`);
    await writeFile(path, bytes);
    verifier.beginFile(path);
    for await (const line of readLines(path)) verifier.line(line.bytes, line.isWhole);
    verifier.endFile();
  }
  return verifier.result();
}

/** From 1. */
function lineAt(offset: number): number {
  return original.subarray(0, offset).filter((byte) => byte === NEWLINE).length + 1;
}

const textOf = (all: readonly string[]): string => all.map((line) => `${line}\n`).join('');

test('what nobody has changed is found to be right, closed and covered', async () => {
  expect(await verify(original)).toMatchObject({
    problems: [],
    first: 1,
    last: lines.length,
    uncovered: 0,
    isClosed: true,
    beginsLater: false,
  });
});

describe('is found, with its line:', () => {
  const offsets = fc.nat(1_000_000).map((number) => number % original.length);

  test('another byte', async () => {
    await fc.assert(
      fc.asyncProperty(offsets, fc.integer({ min: 1, max: 255 }), async (offset, difference) => {
        const changed = Buffer.from(original);
        changed[offset] = (changed[offset] ?? 0) ^ difference;
        const { problems } = await verify(changed);
        expect(problems[0]?.line).toBe(lineAt(offset));
      }),
      { numRuns: RUNS },
    );
  });

  test('another case of a letter, and other bits that mean the same', async () => {
    // The last character of a signature has bits that base64 does not use.
    const signature = original.indexOf('"signature":"') + '"signature":"'.length;
    for (const offset of [signature + 85, original.indexOf('"hash":"', 500) + 9]) {
      const changed = Buffer.from(original);
      for (let byte = 32; byte < 127; byte++) {
        if (byte === original[offset]) continue;
        changed[offset] = byte;
        expect((await verify(changed)).problems[0]?.line).toBe(lineAt(offset));
      }
    }
  });

  test('a byte more', async () => {
    await fc.assert(
      fc.asyncProperty(offsets, fc.nat(255), async (offset, byte) => {
        const changed = Buffer.concat([original.subarray(0, offset), Buffer.of(byte), original.subarray(offset)]);
        const { problems } = await verify(changed);
        const line = lineAt(offset);
        // An empty line stands after the one that it was added to the end of.
        expect([line, line + 1]).toContain(problems[0]?.line);
      }),
      { numRuns: RUNS },
    );
  });

  test('a byte less', async () => {
    await fc.assert(
      fc.asyncProperty(offsets, async (offset) => {
        const { problems } = await verify(Buffer.concat([original.subarray(0, offset), original.subarray(offset + 1)]));
        expect(problems[0]?.line).toBe(lineAt(offset));
      }),
      { numRuns: RUNS },
    );
  });

  test('lines that were removed, added, doubled or moved', async () => {
    const places = fc.nat(1_000_000).map((number) => number % (lines.length - 1));
    await fc.assert(
      fc.asyncProperty(places, places, async (one, other) => {
        const [from, to] = [Math.min(one, other), Math.max(one, other)];
        const removed = lines.filter((_, index) => index !== one);
        expect((await verify(textOf(removed))).problems[0]?.line).toBe(one + 1);
        const doubled = lines.toSpliced(to + 1, 0, lines[from] ?? '');
        expect((await verify(textOf(doubled))).problems[0]?.line).toBe(to + 2);
        if (from === to) return;
        const swapped = lines.with(from, lines[to] ?? '').with(to, lines[from] ?? '');
        expect((await verify(textOf(swapped))).problems[0]?.line).toBe(from + 1);
      }),
      { numRuns: Math.ceil(RUNS / 3) },
    );
  });
});

test('a file that is cut within a line says so; one that is cut between lines is not closed, and what is not covered is counted', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(1_000_000), async (number) => {
      const offset = number % original.length;
      const { problems, isClosed, uncovered, last = 0 } = await verify(original.subarray(0, offset));
      expect(isClosed).toBe(false);
      const [problem] = problems;
      if (offset === 0) {
        expect(problem).toMatchObject({ line: 1, problem: 'the file is empty' });
        return;
      }
      if (original[offset - 1] !== NEWLINE) {
        expect(problem).toMatchObject({ line: lineAt(offset - 1), problem: 'the file is cut within this line' });
        return;
      }
      expect(problems).toEqual([]);
      const covered = lines.slice(0, last).findLastIndex((line) => line.includes('"type":"checkpoint"')) + 1;
      expect(uncovered).toBe(last - covered);
    }),
    { numRuns: RUNS },
  );
});

describe('a chain that was made anew', () => {
  /** As someone would who has no key. */
  function resealed(change: (record: Record<string, unknown>) => object | undefined): string {
    let head: Head = GENESIS;
    const all: string[] = [];
    for (const line of lines) {
      const { seq: _, hash: __, ...own } = JSON.parse(line) as Record<string, unknown>;
      const changed = change(own);
      if (!changed) continue;
      const sealed = seal(head, JSON.stringify(changed));
      head = { seq: head.seq + 1, hash: sealed.hash };
      all.push(sealed.text);
    }
    return textOf(all);
  }

  test('is the same when nothing was changed', async () => {
    expect(resealed((own) => own)).toBe(original.toString());
  });

  test('is found by its checkpoints', async () => {
    const changed = resealed((own) => (own.requestId === 'ü-3' ? { ...own, status: 403 } : own));
    const { problems } = await verify(changed);
    expect(problems[0]).toMatchObject({ problem: 'the checkpoint is of another chain than the lines before it' });
    const fixed = resealed((own) => (own.type === 'checkpoint' ? { ...own, reason: 'closed' } : own));
    expect((await verify(fixed)).problems[0]?.problem).toMatch('signature');
  });

  test('is found when its checkpoints have no signatures, or are not there', async () => {
    const unsigned = resealed((own) => ({ ...own, signature: undefined }));
    expect((await verify(unsigned)).problems[0]?.problem).toBe('the checkpoint is not signed');
    const without = resealed((own) => (own.type === 'checkpoint' ? undefined : own));
    const { problems, signed } = await verify(without);
    expect(problems[0]?.problem).toBe('a checkpoint is missing before this line');
    expect(signed).toBe(0);
  });
});

test('a record that readers could read in two ways is none', async () => {
  const { text } = seal(GENESIS, '{"type":"opened","type":"operation"}');
  expect((await verify(`${text}\n`)).problems[0]?.problem).toBe('this is no record: the line was changed');
});

describe('several files', () => {
  let files: readonly Buffer[];
  beforeAll(async () => {
    const path = join(folder, 'rotated.jsonl');
    const sink = fileSink({ path, signingKey: SIGNING_KEY, rotateBytes: 4_096 });
    await sink.open();
    for (let number = 0; number < 30; number++) await sink.write([encoded({ requestId: `r-${number}` })]);
    await sink.close();
    const names = (await readdir(folder)).filter((name) => name.startsWith('rotated.jsonl.')).toSorted();
    files = await Promise.all([...names, 'rotated.jsonl'].map((name) => readFile(join(folder, name))));
  });

  test('are one chain, in their order', async () => {
    expect(files.length).toBeGreaterThan(2);
    expect(await verify(...files)).toMatchObject({ problems: [], first: 1, isClosed: true, beginsLater: false });
  });

  test('are one chain from any of them on, and that it begins before is told', async () => {
    expect(await verify(...files.slice(1))).toMatchObject({ problems: [], isClosed: true, beginsLater: true });
  });

  test('one that is missing between them, moved or cut is found', async () => {
    const [first, second, third] = files as [Buffer, Buffer, Buffer];
    const problem = expect.stringMatching(/^the file does not follow on the end of/);
    expect((await verify(first, third)).problems[0]).toMatchObject({ line: 1, problem });
    expect((await verify(second, first)).problems[0]).toMatchObject({ line: 1, problem });
    const cut = first.subarray(0, first.lastIndexOf(NEWLINE, first.length - 2) + 1);
    expect((await verify(cut, second)).problems[0]).toMatchObject({ line: 1, problem });
  });
});

describe('npm run audit:verify', () => {
  const path = () => join(folder, 'audit.jsonl');

  test('exits with 0 and a summary', async () => {
    const { code, stdout, stderr } = await runVerify([path()]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(`${lines.length} records, 1 to ${lines.length}; 4 checkpoints signed by ${key.id}\n`);
  });

  test('exits with 1 and says where', async () => {
    const changed = join(folder, 'command.jsonl');
    await writeFile(changed, textOf(lines.toSpliced(6, 1)));
    const { code, stderr } = await runVerify([changed]);
    expect(code).toBe(1);
    expect(stderr.split('\n')[0]).toBe(`${changed}:7: record 8: record 7 is missing before this line`);
  });

  test('says that it did not check signatures without a key; another key is found', async () => {
    expect((await runVerify([path()], { AUDIT_PUBLIC_KEY: '' })).stdout).toContain('signatures were not checked');
    const other = 'MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=';
    expect((await runVerify([path()], { AUDIT_PUBLIC_KEY: other })).stderr).toContain('signed with another key');
    expect((await runVerify([path()], { AUDIT_PUBLIC_KEY: 'no key' })).stderr).toContain('AUDIT_PUBLIC_KEY: it takes');
  });
});
