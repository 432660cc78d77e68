import type { DroppedRecord } from '../chain/control-records.ts';
import type { AuditRecord } from '../record/record.ts';

/** A record as it waits: one text weighs less on the collector of garbage than the objects it is made of. */
export interface EncodedRecord {
  readonly type: (AuditRecord | DroppedRecord)['type'];
  readonly time: string;
  /** All of it, with these two. */
  readonly json: string;
}

export function encode(record: AuditRecord | DroppedRecord): EncodedRecord {
  return { type: record.type, time: record.time, json: JSON.stringify(record) };
}

/** Where records go. Its methods are called one after the other, never two at once. */
export interface AuditSink {
  /** For status and metrics. */
  readonly name: string;
  /** `sync`: what is written survives the machine, and operations wait for it before they are answered. */
  readonly durability: 'buffered' | 'sync';
  /** Records that one `write` takes. */
  readonly maxBatch: number;
  /** To be called before all else, and again until it has once not failed. */
  open(): Promise<void>;
  /** Rejects when not all of them were written: the same are then given again. */
  write(records: readonly EncodedRecord[]): Promise<void>;
  /** Called about once a second, for what is to be done in time. */
  tend?(): Promise<void>;
  close(): Promise<void>;
}

/** What may go wrong with a sink, in words for operators that hold nothing secret. */
export class SinkError extends Error {
  override readonly name = 'SinkError';
}
