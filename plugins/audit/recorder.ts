import type { Logger } from '@graphql-hive/gateway';
import type { RecordOutcome } from './metrics.ts';
import type { AuditRecord } from './record/record.ts';
import { openOutlet, type Outlet, type OutletStatus } from './sinks/outlet.ts';
import { encode, type AuditSink, type EncodedRecord } from './sinks/sink.ts';

/**
 * What becomes of an operation whose record has no room: `drop-and-count`, it goes on without a record; `block`, it
 * waits for room, and goes on without when there is none in time; `fail-closed`, it is refused.
 */
export type BackPressure = 'drop-and-count' | 'block' | 'fail-closed';

export interface RecorderOptions {
  readonly sinks: readonly AuditSink[];
  readonly backPressure: BackPressure;
  readonly capacity: number;
  /** ms that an operation waits, for room and for its record to be on the disk. */
  readonly blockTimeout: number;
  readonly count: (sink: string, outcome: RecordOutcome, count: number) => void;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'> | undefined;
}

/** `without`: the record is dropped if there is no room for it when it is made. */
export type Admission = 'place' | 'without' | 'refused';

export interface Recorder {
  /** Whether operations wait for their records. */
  readonly isSync: boolean;
  /** Keeps a place for the record of an operation, as far as the back-pressure asks for it. */
  begin(): Admission | Promise<Admission>;
  /** Whether an operation may begin at once. */
  mayBegin(): boolean;
  /** @param admission what `begin` has said; undefined for what was not asked about */
  record(record: AuditRecord, admission: Admission | undefined): void;
  /** The same for what was made text already, and was not asked about. */
  recordText(encoded: EncodedRecord): void;
  /** Of what was begun, and only ends now. */
  recordEnd(record: AuditRecord): void;
  /** The same as `record`, and whether the operation may be answered. */
  recordDurably(record: AuditRecord, admission: Admission | undefined): Promise<boolean>;
  status(): readonly OutletStatus[];
  close(): Promise<void>;
}

/** ms */
const CLOSE_TIMEOUT = 5_000;
const MAX_WAITERS = 10_000;

export function openRecorder(options: RecorderOptions): Recorder {
  const { sinks, backPressure, capacity, blockTimeout, count, log } = options;
  const waiters = new Set<() => void>();
  const outlets: readonly Outlet[] = sinks.map((sink) => openOutlet(sink, { capacity, onRoom, count, log }));
  const isSync = outlets.some(({ durability }) => durability === 'sync');

  const hasRoom = (): boolean => outlets.every((outlet) => outlet.hasRoom());
  const isUp = (): boolean => !outlets.some((outlet) => outlet.isDown());

  function onRoom(): void {
    // Those who came first; each takes its place at once.
    for (const wake of waiters) {
      if (!hasRoom()) return;
      wake();
    }
  }

  function reserve(): Admission {
    for (const outlet of outlets) outlet.reserve();
    return 'place';
  }

  function waitForRoom(): Admission | Promise<Admission> {
    if (waiters.size >= MAX_WAITERS) return 'without';
    const { promise, resolve } = Promise.withResolvers<Admission>();
    const end = (admission: Admission): void => {
      waiters.delete(wake);
      clearTimeout(timer);
      resolve(admission);
    };
    const wake = (): void => end(reserve());
    const timer = setTimeout(() => end('without'), blockTimeout);
    waiters.add(wake);
    return promise;
  }

  function refuse(): Admission {
    for (const [index, { name }] of sinks.entries()) {
      if (outlets[index]?.isDown() || !outlets[index]?.hasRoom()) count(name, 'refused', 1);
    }
    return 'refused';
  }

  return {
    isSync,

    begin() {
      switch (backPressure) {
        case 'drop-and-count':
          return 'without';
        case 'fail-closed':
          return hasRoom() && isUp() ? reserve() : refuse();
        case 'block':
          return hasRoom() ? reserve() : waitForRoom();
      }
    },

    mayBegin: () => !isSync && (backPressure === 'drop-and-count' || (hasRoom() && isUp())),

    record(record, admission) {
      const encoded = encode(record);
      for (const outlet of outlets) outlet.add(encoded, admission === 'place');
    },

    recordText(encoded) {
      for (const outlet of outlets) outlet.add(encoded, false);
    },

    recordEnd(record) {
      const encoded = encode(record);
      for (const outlet of outlets) {
        if (backPressure === 'drop-and-count') outlet.add(encoded, false);
        else outlet.addBeyond(encoded);
      }
    },

    async recordDurably(record, admission) {
      const encoded = encode(record);
      const written = outlets.flatMap((outlet) => {
        if (outlet.durability === 'sync') return outlet.put(encoded, admission === 'place');
        outlet.add(encoded, admission === 'place');
        return [];
      });
      const { promise: late, resolve } = Promise.withResolvers<false>();
      const timer = setTimeout(() => resolve(false), blockTimeout);
      const all = Promise.all(written).then((each) => each.every(Boolean));
      const isWritten = await Promise.race([all, late]);
      clearTimeout(timer);
      return isWritten || backPressure !== 'fail-closed';
    },

    status: () => outlets.map((outlet) => outlet.status()),

    async close() {
      await Promise.all(outlets.map((outlet) => outlet.close(CLOSE_TIMEOUT)));
    },
  };
}
