import type { Logger } from '@graphql-hive/gateway';
import type { RecordOutcome } from '../metrics.ts';
import { encode, SinkError, type AuditSink, type EncodedRecord } from './sink.ts';

export interface OutletStatus {
  readonly sink: string;
  readonly status: 'ok' | 'down';
  readonly records: number;
  readonly dropped: number;
  /** Records that wait to be written. */
  readonly waiting: number;
  /** ISO 8601; undefined before the first. */
  readonly lastFlushAt: string | undefined;
  readonly error: string | undefined;
}

/** Takes records for one sink, and writes them in batches, in order. */
export interface Outlet {
  readonly durability: AuditSink['durability'];
  /** For one record more than those that are waiting or have a place. */
  hasRoom(): boolean;
  isDown(): boolean;
  /** Keeps a place for a record of later. */
  reserve(): void;
  /** Without a place, it is dropped when there is no room. */
  add(record: EncodedRecord, hasPlace: boolean): void;
  /** The same; resolves with whether it was written at the first attempt. Never rejects. */
  put(record: EncodedRecord, hasPlace: boolean): Promise<boolean>;
  /** Takes what is more than there is room for: for what only goes on that was begun. */
  addBeyond(record: EncodedRecord): void;
  status(): OutletStatus;
  /** Writes what waits, for at most so many ms. */
  close(timeout: number): Promise<void>;
}

export interface OutletOptions {
  /** Records that wait or have a place, at most. */
  readonly capacity: number;
  /** Called whenever there is room again. */
  readonly onRoom: () => void;
  readonly count: (sink: string, outcome: RecordOutcome, count: number) => void;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'> | undefined;
}

interface Waiting {
  readonly record: EncodedRecord;
  readonly written: ((isWritten: boolean) => void) | undefined;
}

/** ms; nothing waits longer to be written, and what failed is tried again as soon. */
const FLUSH_INTERVAL = 1_000;
const FLUSH_RECORDS = 1_000;
/** ms that a sink may take before it counts as down. */
const SLOW = 5_000;

export function openOutlet(sink: AuditSink, { capacity, onRoom, count, log }: OutletOptions): Outlet {
  const waiting: Waiting[] = [];
  let reserved = 0;
  let records = 0;
  let dropped = 0;
  /** Of which the sink was not told yet. */
  let untold = 0;
  let lastFlushAt: Date | undefined;
  let failure: string | undefined;
  let isOpen = false;
  let flushing: Promise<void> | undefined;
  let flushingSince = 0;

  const timer = setInterval(flush, FLUSH_INTERVAL).unref();
  flush();

  function flush(): void {
    if (flushing) return;
    flushingSince = performance.now();
    flushing = work().then(
      () => recovered(),
      (error: unknown) => failed(error),
    );
    void flushing.then(() => {
      flushing = undefined;
      // What came meanwhile.
      if (failure === undefined && isUrgent()) flush();
    });
  }

  /** Whether what waits is not for the next time. */
  function isUrgent(): boolean {
    if (waiting.length === 0) return false;
    if (sink.durability === 'sync' || waiting.length >= FLUSH_RECORDS || !hasRoom()) return true;
    return waiting.some(({ written }) => written);
  }

  async function work(): Promise<void> {
    if (!isOpen) await sink.open();
    isOpen = true;
    // What comes meanwhile waits for the next time: under load, there would be a write for every few.
    do {
      const batch = waiting.slice(0, sink.maxBatch);
      if (batch.length === 0) break;
      const told = untold;
      const drops: EncodedRecord[] =
        told > 0 ? [encode({ type: 'dropped', time: new Date().toISOString(), count: told })] : [];
      await sink.write([...drops, ...batch.map(({ record }) => record)]);
      untold -= told;
      waiting.splice(0, batch.length);
      records += batch.length;
      count(sink.name, 'written', batch.length);
      lastFlushAt = new Date();
      for (const { written } of batch) written?.(true);
      onRoom();
    } while (isUrgent());
    await sink.tend?.();
  }

  function recovered(): void {
    if (failure === undefined) return;
    log?.info({ sink: sink.name, dropped }, 'Audit records are written again');
    failure = undefined;
  }

  function failed(error: unknown): void {
    const reason = reasonOf(error);
    if (failure !== reason) log?.error({ sink: sink.name, reason }, 'Audit records cannot be written');
    failure = reason;
    for (const [index, { record, written }] of waiting.entries()) {
      if (!written) continue;
      written(false);
      waiting[index] = { record, written: undefined };
    }
  }

  function push(record: EncodedRecord, written: Waiting['written']): void {
    waiting.push({ record, written });
    // What failed is tried again in a while.
    if (failure === undefined && (sink.durability === 'sync' || waiting.length >= FLUSH_RECORDS)) flush();
  }

  function drop(): void {
    if (untold === 0) log?.warn({ sink: sink.name }, 'Audit records are dropped: there is no room for them');
    dropped++;
    untold++;
    count(sink.name, 'dropped', 1);
  }

  /** For a record that is put next. */
  function takePlace(isReserved: boolean): boolean {
    if (isReserved) reserved--;
    else if (!hasRoom()) {
      drop();
      return false;
    }
    return true;
  }

  const hasRoom = (): boolean => waiting.length + reserved < capacity;
  const isDown = (): boolean => failure !== undefined || isStuck();
  const isStuck = (): boolean => flushing !== undefined && performance.now() - flushingSince > SLOW;

  return {
    durability: sink.durability,
    hasRoom,
    isDown,
    reserve: () => void reserved++,
    add(record, hasPlace) {
      if (takePlace(hasPlace)) push(record, undefined);
    },
    put(record, hasPlace) {
      if (!takePlace(hasPlace)) return Promise.resolve(false);
      const { promise, resolve } = Promise.withResolvers<boolean>();
      push(record, resolve);
      return promise;
    },
    addBeyond: (record) => push(record, undefined),
    status: () => ({
      sink: sink.name,
      status: isDown() ? 'down' : 'ok',
      records,
      dropped,
      waiting: waiting.length,
      lastFlushAt: lastFlushAt?.toISOString(),
      error: failure ?? (isStuck() ? 'it does not take what is written' : undefined),
    }),
    async close(timeout) {
      clearInterval(timer);
      const end = async (): Promise<void> => {
        await flushing;
        do await work();
        while (waiting.length > 0);
        await sink.close();
      };
      const { promise: late, resolve } = Promise.withResolvers<'late'>();
      const limit = setTimeout(() => resolve('late'), timeout);
      const how = await Promise.race([end().catch(reasonOf), late]);
      clearTimeout(limit);
      if (how === undefined) return;
      log?.error(
        { sink: sink.name, reason: how, lost: waiting.length },
        'Audit records could not be written at the end',
      );
    },
  };
}

/** Errors of the file system have a code and a path, others may hold addresses. */
function reasonOf(error: unknown): string {
  if (error instanceof SinkError) return error.message;
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : 'it failed';
}
