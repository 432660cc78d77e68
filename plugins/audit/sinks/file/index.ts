import { randomUUID } from 'node:crypto';
import {
  checkpointRecord,
  type CheckpointReason,
  type OpenedRecord,
  type ResumedRecord,
} from '../../chain/control-records.ts';
import { GENESIS, seal, type Head } from '../../chain/line.ts';
import { SinkError, type AuditSink } from '../sink.ts';
import { openLog, type LogFile } from './log-file.ts';
import { checked, signerOf, type FileSinkOptions } from './options.ts';
import { fileOfThisProcess, lastRotated, rotate } from './rotated-files.ts';

export type { FileSinkOptions } from './options.ts';

/** Where the chain and the file stand; replaced as a whole when lines were written. */
interface State extends Head {
  /** Records since the last checkpoint. */
  readonly since: number;
  readonly checkpointAt: number;
}

const MAX_BATCH = 1_000;

/**
 * A file of lines that are chained and signed, so that `npm run audit:verify` finds what was changed. It is opened for
 * appending alone, with mode 0600. A process that was killed leaves at most a line that is cut: the next one moves that
 * to `FILE.torn` and goes on with the chain.
 *
 * Throws an `Error` that names the option when one is wrong.
 */
export function fileSink(options: FileSinkOptions): AuditSink {
  const { durability, checkpointEvery, checkpointInterval, rotateBytes, rotateInterval } = checked(options);
  const path = fileOfThisProcess(options.path);
  const signer = signerOf(options.signingKey);
  let file: LogFile | undefined;
  let state: State | undefined;

  async function open(): Promise<void> {
    if (file) return;
    const { log, last, torn } = await openLog(path);
    file = log;
    try {
      if (last) await resume(last, torn);
      else await begin(await lastRotated(path));
    } catch (error) {
      await leave();
      throw error;
    }
  }

  async function leave(): Promise<void> {
    const left = file;
    file = undefined;
    await left?.close();
  }

  async function resume(previous: Head, torn: number): Promise<void> {
    state = { ...previous, since: 0, checkpointAt: 0 };
    const resumed: ResumedRecord = { type: 'resumed', time: new Date().toISOString(), previous, torn };
    await append([JSON.stringify(resumed)], undefined);
  }

  /** The first lines of a file. */
  async function begin(previous: OpenedRecord['previous']): Promise<void> {
    state = { ...(previous ?? GENESIS), since: 0, checkpointAt: 0 };
    const time = new Date().toISOString();
    const opened: OpenedRecord = {
      type: 'opened',
      time,
      format: 1,
      chain: randomUUID(),
      checkpointEvery,
      ...(previous && { previous }),
    };
    await append([JSON.stringify(opened)], 'opened');
  }

  /** All of it or nothing. @param records their JSON @param reason of a checkpoint at the end */
  async function append(records: readonly string[], reason: CheckpointReason | undefined): Promise<void> {
    if (!file || !state) throw new SinkError('the file is not open');
    let lines = '';
    // Its own until all of it is written.
    const next: { -readonly [Part in keyof State]: State[Part] } = { ...state };
    const add = (json: string): void => {
      const { text, hash } = seal(next, json);
      lines += `${text}\n`;
      next.seq++;
      next.hash = hash;
      next.since++;
    };
    const addCheckpoint = (why: CheckpointReason): void => {
      add(JSON.stringify(checkpointRecord(next, why, new Date().toISOString(), signer)));
      next.since = 0;
      next.checkpointAt = performance.now();
    };
    for (const json of records) {
      add(json);
      if (next.since >= checkpointEvery) addCheckpoint('interval');
    }
    if (reason && (next.since > 0 || reason !== 'interval')) addCheckpoint(reason);
    if (lines === '') return;
    const hasCheckpoint = next.since < state.since + records.length;
    await file.append(Buffer.from(lines), durability === 'sync' || hasCheckpoint);
    state = next;
  }

  /** Puts the file aside, and begins the next. */
  async function putAside(): Promise<void> {
    if (!file || !state) return;
    await append([], 'rotated');
    await leave();
    await rotate(path, state.seq);
    await open();
  }

  function isDueForRotation(): boolean {
    if (!file || !state) return false;
    return file.size() >= rotateBytes || Date.now() - file.since >= rotateInterval;
  }

  return {
    name: 'file',
    durability,
    maxBatch: MAX_BATCH,
    open,
    async write(records) {
      await open();
      if (isDueForRotation()) await putAside();
      await append(
        records.map(({ json }) => json),
        undefined,
      );
    },
    async tend() {
      await open();
      if (!state || state.since === 0) return;
      if (performance.now() - state.checkpointAt >= checkpointInterval) await append([], 'interval');
    },
    async close() {
      if (!file) return;
      await append([], 'closed');
      await leave();
    },
  };
}
