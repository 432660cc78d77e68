import type { CheckpointKey, CheckpointSigner } from './keys.ts';
import type { Head } from './line.ts';

// The records of a chain that are about the chain.

/** Begins a file. */
export interface OpenedRecord {
  readonly type: 'opened';
  readonly time: string;
  readonly format: 1;
  /** Tells chains apart; random. */
  readonly chain: string;
  /** At most so many records come between two checkpoints. */
  readonly checkpointEvery: number;
  /** The end of the file before; not there in the first file of a chain. */
  readonly previous?: Head & { readonly file: string };
}

/** Goes on after a process that wrote to the file has ended. */
export interface ResumedRecord {
  readonly type: 'resumed';
  readonly time: string;
  readonly previous: Head;
  /** Bytes after the last whole line, which were moved to `FILE.torn`. */
  readonly torn: number;
}

/** So many records had no room, since the last that were written. */
export interface DroppedRecord {
  readonly type: 'dropped';
  readonly time: string;
  readonly count: number;
}

/** `closed` and `rotated`: nothing more was written to the file by that process. */
export type CheckpointReason = 'opened' | 'interval' | 'rotated' | 'closed';

/** Signs all that stands before it. Without a key it says only how far the process came. */
export interface CheckpointRecord {
  readonly type: 'checkpoint';
  readonly time: string;
  readonly reason: CheckpointReason;
  /** The line before it. */
  readonly head: Head;
  readonly key?: string;
  /** Ed25519, base64url: over all members before it. */
  readonly signature?: string;
}

const PURPOSE = 'gatehouse audit checkpoint';

export function checkpointRecord(
  head: Head,
  reason: CheckpointReason,
  time: string,
  signer: CheckpointSigner | undefined,
): CheckpointRecord {
  const unsigned = { type: 'checkpoint', time, reason, head: { seq: head.seq, hash: head.hash } } as const;
  if (!signer) return unsigned;
  const named = { ...unsigned, key: signer.id };
  return { ...named, signature: signer.sign(signedText(named)) };
}

/** What is wrong with a checkpoint that follows on the head; undefined when nothing is. */
export function checkpointProblem(
  record: Readonly<Record<string, unknown>>,
  head: Head | undefined,
  key: CheckpointKey | undefined,
): string | undefined {
  const { type, time, reason, head: stated, key: id, signature } = record;
  const { seq, hash } = (stated ?? {}) as Partial<Head>;
  if (head && (seq !== head.seq || hash !== head.hash))
    return 'the checkpoint is of another chain than the lines before it';
  if (!key) return undefined;
  if (typeof signature !== 'string') return 'the checkpoint is not signed';
  if (id !== key.id) return `the checkpoint is signed with another key (${printable(id)}, not ${key.id})`;
  const isSound = key.isSignatureOf(signedText({ type, time, reason, head: stated, key: id }), signature);
  return isSound ? undefined : 'the signature of the checkpoint is wrong';
}

function signedText(record: object): string {
  return `${PURPOSE}\n${JSON.stringify(record)}`;
}

function printable(id: unknown): string {
  return typeof id === 'string' && /^[0-9a-f]{1,64}$/.test(id) ? id : 'no name of a key';
}
