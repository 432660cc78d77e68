import { constants } from 'node:fs';
import { appendFile, mkdir, open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Head } from '../../chain/line.ts';
import { SinkError } from '../sink.ts';
import { lastLineOf } from './last-line.ts';

/** A file that grows at its end, by whole lines. */
export interface LogFile {
  /** Writes all of it or, when it rejects, nothing: what was written of it is taken back before the next. */
  append(bytes: Buffer, isSync: boolean): Promise<void>;
  /** Bytes */
  size(): number;
  /** When it was made, in ms since 1970. */
  readonly since: number;
  close(): Promise<void>;
}

export interface OpenedLog {
  readonly log: LogFile;
  /** Undefined for a file that is new. */
  readonly last: Head | undefined;
  /** Bytes after the last whole line, which stand in `FILE.torn` now. */
  readonly torn: number;
}

const MODE = 0o600;
const FOLDER_MODE = 0o700;
const { O_APPEND, O_CREAT, O_NONBLOCK, O_WRONLY } = constants;

/** Rejects with a `SinkError` for what is not the file of a chain: nothing of it is touched. */
export async function openLog(path: string): Promise<OpenedLog> {
  await mkdir(dirname(path), { recursive: true, mode: FOLDER_MODE });
  // A FIFO would let nobody go on who opens it, until somebody reads it.
  const handle = await open(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, MODE);
  try {
    const { size, birthtimeMs } = await regular(handle);
    // Some file systems do not know it.
    const since = birthtimeMs > 0 ? birthtimeMs : Date.now();
    if (size === 0) {
      await syncFolder(path);
      return { log: logFile(handle, 0, since), last: undefined, torn: 0 };
    }
    const last = await lastLineOf(path);
    if (!last) throw new SinkError('the file is there already, and is no audit log');
    const torn = size - last.end;
    if (torn > 0) await cutOff(path, handle, last.end);
    return { log: logFile(handle, last.end, since), last: last.head, torn };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function regular(handle: FileHandle): Promise<{ readonly size: number; readonly birthtimeMs: number }> {
  const stats = await handle.stat();
  if (!stats.isFile()) throw new SinkError('it is no regular file');
  return stats;
}

function logFile(handle: FileHandle, initialSize: number, since: number): LogFile {
  let size = initialSize;
  let isBroken = false;

  return {
    since,
    size: () => size,
    async append(bytes, isSync) {
      if (isBroken) {
        await handle.truncate(size);
        isBroken = false;
      }
      const { size: actual, nlink } = await handle.stat();
      if (actual !== size) throw new SinkError('somebody else has written to the file, or cut it');
      if (nlink === 0) throw new SinkError('somebody has removed the file');
      isBroken = true;
      await handle.appendFile(bytes);
      if (isSync) await handle.datasync();
      isBroken = false;
      size += bytes.length;
    },
    close: () => handle.close(),
  };
}

/** What is no whole line is kept beside the file, for whoever wants to look at it. */
async function cutOff(path: string, handle: FileHandle, end: number): Promise<void> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const torn = Buffer.alloc(size - end);
    await file.read(torn, 0, torn.length, end);
    await appendFile(`${path}.torn`, torn, { mode: MODE });
  } finally {
    await file.close();
  }
  await handle.truncate(end);
}

/** That there is a file is not on the disk before its folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
