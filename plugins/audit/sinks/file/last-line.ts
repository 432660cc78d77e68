import { open, type FileHandle } from 'node:fs/promises';
import { readLine, type Head } from '../../chain/line.ts';

export interface LastLine {
  readonly head: Head;
  /** Where the file would end after it and its newline, in bytes. */
  readonly end: number;
}

const NEWLINE = 0x0a;
const FIRST_READ = 64 * 1024;

/** The last whole line of a chain; undefined when there is none. Rejects when the file cannot be read. */
export async function lastLineOf(path: string): Promise<LastLine | undefined> {
  const file = await open(path, 'r');
  try {
    return await lastLineIn(file);
  } finally {
    await file.close();
  }
}

async function lastLineIn(file: FileHandle): Promise<LastLine | undefined> {
  const { size } = await file.stat();
  for (let length = FIRST_READ; ; length *= 4) {
    const from = Math.max(0, size - length);
    const bytes = Buffer.alloc(size - from);
    await file.read(bytes, 0, bytes.length, from);
    const found = lastLineWithin(bytes, from === 0);
    if (found) return { head: found.head, end: from + found.end };
    if (from === 0) return undefined;
  }
}

/** After power was lost, what follows may be anything: it is looked for backwards. */
function lastLineWithin(bytes: Buffer, isFromStart: boolean): LastLine | undefined {
  let end = bytes.lastIndexOf(NEWLINE);
  while (end >= 0) {
    const newline = end === 0 ? -1 : bytes.lastIndexOf(NEWLINE, end - 1);
    if (newline === -1 && !isFromStart) return undefined;
    const read = readLine(bytes.subarray(newline + 1, end));
    if (read) return { head: { seq: read.seq, hash: read.hash }, end: end + 1 };
    end = newline;
  }
  return undefined;
}
