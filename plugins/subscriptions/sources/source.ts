import type { OpenUpstream, SubgraphAnswer, UpstreamEnd, UpstreamOperation } from '../upstream/upstream.ts';
import { boundedQueue } from '../bounded-queue.ts';
import { copyJson } from './copy-json.ts';

/** How a source is kept. Times in ms. */
export interface SourceSettings {
  /** Events that may wait for each who reads, and that are kept for who takes over from one who did. */
  readonly queue: number;
  /** How often a lost connection is opened again before it is given up. Default: 10. */
  readonly retries: number;
  /** The longest wait before the first time, in ms; it doubles up to `maxRetryDelay`. Default: 500. */
  readonly retryDelay: number;
  /** In ms. Default: 10,000. */
  readonly maxRetryDelay: number;
}

/** What has become of a subscription of a subgraph that will give no more events. */
export type SourceEnd = Exclude<UpstreamEnd, { kind: 'lost' }> | { readonly kind: 'given up' };

/** One reader of a source. Its events are its own: whoever reads may change them. */
export interface Attachment extends AsyncIterableIterator<SubgraphAnswer> {
  readonly source: Source;
  /** The number of the last event that was read; of the source's first that is 1. */
  position(): number;
  /** Whether events may be missing before the next that is read; asking takes note of it. */
  takeGap(): boolean;
  /** Why it has ended; undefined when it was the reader who ended it. */
  ended(): SourceEnd | undefined;
  /** The last that was read is not an event, but says why there will be no more. */
  isLast(): boolean;
  /** Passes over what has come and was not read. */
  skip(): void;
  /** Reads no further; who takes over reads from `position` on. */
  finish(): void;
}

export interface AttachmentWitness {
  /** The connection to the subgraph was lost, or is there again. */
  connection(state: 'lost' | 'restored'): void;
}

/** One subscription of a subgraph, for all who want the same. */
export interface Source {
  /** It is there, as far as the protocol tells; or it will never be. */
  readonly opened: Promise<void>;
  /** @param after the number of the event after which to read; undefined: what comes from now on. */
  attach(after: number | undefined, witness: AttachmentWitness): Attachment;
}

export interface SourceWitness {
  lost(reason: string, willRetryIn: number | undefined): void;
  /** Nobody reads it any more, or it has ended. */
  closed(): void;
}

/** How long events are kept for who takes over from one who has read them, in ms. */
const RECENT_MS = 2_000;

interface Numbered {
  /** On the clock of `performance.now()`. */
  readonly at: number;
  readonly number: number;
  readonly event: SubgraphAnswer;
}

interface Reader {
  /** The number of the last that it has read. */
  position(): number;
  take(one: Numbered): void;
  lost(): void;
  restored(): void;
  end(end: SourceEnd): void;
}

/**
 * Opens it at once, and again when the connection is lost; closes it when the last reader leaves.
 *
 * @param retriesOpening also when it was not there yet
 */
export function openSource(
  operation: () => UpstreamOperation,
  open: OpenUpstream,
  settings: SourceSettings,
  witness: SourceWitness,
  retriesOpening: boolean,
): Source {
  const readers = new Set<Reader>();
  const recent: Numbered[] = [];
  const opening = Promise.withResolvers<void>();
  let last = 0;
  let attempts = 0;
  let hasOpened = false;
  let isLost = false;
  let end: SourceEnd | undefined;
  let isClosed = false;
  let giveUp: (() => void) | undefined;
  let retry: NodeJS.Timeout | undefined;
  let forgetting: NodeJS.Timeout | undefined;

  function connect(): void {
    retry = undefined;
    let isOver = false;
    const abandon = open(operation(), {
      opened() {
        if (isClosed) return;
        hasOpened = true;
        attempts = 0;
        opening.resolve();
        if (isLost) for (const reader of readers) reader.restored();
        isLost = false;
      },
      next(event) {
        if (isClosed) return;
        const one = { at: performance.now(), number: ++last, event };
        recent.push(one);
        if (recent.length > settings.queue) recent.shift();
        forgetting ??= setTimeout(forget, RECENT_MS).unref();
        for (const reader of readers) reader.take(one);
      },
      end(how) {
        isOver = true;
        if (!isClosed) ended(how);
      },
    });
    if (!isOver) giveUp = abandon;
  }

  /** What all have read a while ago; not the last, which may be what somebody is being decided on again for. */
  function forget(): void {
    const until = performance.now() - RECENT_MS;
    let first = last;
    for (const reader of readers) first = Math.min(first, reader.position());
    while (recent[0] && recent[0].number < first && recent[0].at < until) recent.shift();
    forgetting = recent.length > 1 ? setTimeout(forget, RECENT_MS).unref() : undefined;
  }

  function ended(how: UpstreamEnd): void {
    giveUp = undefined;
    if (how.kind !== 'lost') return finish(how);
    // What could not be opened at all is for the client to try again, which knows how long it wants to wait.
    const mayRetry = (hasOpened || retriesOpening) && attempts < settings.retries;
    const delay = mayRetry ? retryDelay(attempts++, settings) : undefined;
    witness.lost(how.reason, delay);
    if (delay === undefined) return finish({ kind: 'given up' });
    if (!isLost) for (const reader of readers) reader.lost();
    isLost = true;
    retry = setTimeout(connect, delay).unref();
  }

  function finish(how: SourceEnd): void {
    end = how;
    for (const reader of readers) reader.end(how);
    close();
  }

  function close(): void {
    if (isClosed) return;
    isClosed = true;
    clearTimeout(retry);
    clearTimeout(forgetting);
    giveUp?.();
    giveUp = undefined;
    readers.clear();
    recent.length = 0;
    opening.resolve();
    witness.closed();
  }

  const source: Source = {
    opened: opening.promise,

    attach(after, { connection }) {
      let position = after ?? last;
      let hasGap = after !== undefined && after < (recent[0]?.number ?? last + 1) - 1;
      let why: SourceEnd | undefined;
      let toldWhy = false;
      const queue = boundedQueue<Numbered>(settings.queue, 'drop-oldest');
      const reader: Reader = {
        position: () => position,
        take(one) {
          if (queue.push(one) !== undefined) hasGap = true;
        },
        lost() {
          connection('lost');
        },
        restored() {
          hasGap = true;
          connection('restored');
        },
        end(how) {
          why = how;
          queue.end();
        },
      };
      if (isClosed) {
        reader.end(end ?? { kind: 'given up' });
      } else {
        for (const one of recent) if (one.number > position) queue.push(one);
        readers.add(reader);
      }

      function leave(): void {
        queue.end();
        readers.delete(reader);
        if (readers.size === 0) close();
      }

      /** A failure is told as a subgraph would tell it, to be made fit for clients like all of its answers. */
      function lastStep(): IteratorResult<SubgraphAnswer> {
        if (toldWhy || !why || why.kind === 'completed') return { done: true, value: undefined };
        toldWhy = true;
        if (why.kind === 'given up') throw new Error('the connection was lost');
        return { done: false, value: { errors: why.errors } };
      }

      return {
        source,
        position: () => position,
        takeGap() {
          const had = hasGap;
          hasGap = false;
          return had;
        },
        ended: () => why,
        skip() {
          queue.clear();
          position = last;
        },
        finish() {
          queue.clear();
          queue.end();
          // Whoever takes over is there by now, and the source has a reader still.
          readers.delete(reader);
          if (readers.size === 0) close();
        },
        isLast: () => toldWhy,
        async next() {
          const step = await queue.next();
          if (step.done === true) return lastStep();
          position = step.value.number;
          return { done: false, value: copyJson(step.value.event) };
        },
        async return() {
          queue.clear();
          leave();
          return { done: true, value: undefined };
        },
        [Symbol.asyncIterator]() {
          return this;
        },
      };
    },
  };

  connect();
  return source;
}

/** Half of it is chance, so that not all sources of a subgraph come back at the same moment. */
function retryDelay(attempt: number, { retryDelay: first, maxRetryDelay }: SourceSettings): number {
  const longest = Math.min(maxRetryDelay, first * 2 ** attempt);
  return longest * (0.5 + Math.random() / 2);
}
