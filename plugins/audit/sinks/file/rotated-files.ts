import cluster from 'node:cluster';
import { access, readdir, rename } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import type { Head } from '../../chain/line.ts';
import { lastLineOf } from './last-line.ts';

/** `FILE.20261122T101500Z-000000001000`: when it was put aside, and the sequence number of its last line. */
const SUFFIX = /^\d{8}T\d{6}Z-\d+$/;
/** By their names, files are in order. */
const SEQ_DIGITS = 12;

/** Of several processes each writes to a file of its own: one chain is written by one process. */
export function fileOfThisProcess(path: string): string {
  const id = cluster.worker?.id;
  if (id === undefined) return path;
  const extension = extname(path);
  return `${path.slice(0, path.length - extension.length)}.${id}${extension}`;
}

/** Gives the file another name. */
export async function rotate(path: string, lastSeq: number): Promise<void> {
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const aside = `${path}.${time}-${String(lastSeq).padStart(SEQ_DIGITS, '0')}`;
  if (await exists(aside)) throw new Error(`there is a file ${basename(aside)} already`);
  await rename(path, aside);
}

/** The end of the file that was put aside last, by a process that ended before it began the next. */
export async function lastRotated(path: string): Promise<(Head & { readonly file: string }) | undefined> {
  const start = `${basename(path)}.`;
  const names = await readdir(dirname(path));
  const file = names
    .filter((name) => name.startsWith(start) && SUFFIX.test(name.slice(start.length)))
    .toSorted()
    .at(-1);
  const last = file === undefined ? undefined : await lastLineOf(join(dirname(path), file));
  return last && file !== undefined ? { file, ...last.head } : undefined;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
