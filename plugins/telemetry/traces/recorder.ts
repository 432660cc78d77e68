import type { OperationTrace, SpanIds, SpanKind, TraceSpan } from '../../account/index.ts';
import { newSpanId, newTraceId } from './trace-ids.ts';
import { traceParentText, type TraceParent } from './traceparent.ts';

/** A span as it was recorded. */
export interface RecordedSpan extends SpanIds {
  readonly parentId: string | undefined;
  readonly name: string;
  /** `consumer`: of an event that nobody waits for. */
  readonly kind: SpanKind | 'server' | 'consumer';
  /** On the clock of `performance.now()`, as `end`. */
  readonly start: number;
  readonly end: number;
  readonly attributes: SpanAttributes;
  readonly links: readonly SpanIds[];
  /** The code of what went wrong. */
  readonly error: string | undefined;
}

export type SpanAttributes = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** A span that was measured elsewhere. */
export type MeasuredSpan = Pick<RecordedSpan, 'name' | 'start' | 'end' | 'error'>;

/** The trace of one operation while it is recorded. */
export interface RecordedTrace extends OperationTrace {
  /** Gives the id of what it has added. */
  add(span: MeasuredSpan, parentId: string): string;
}

export interface TraceOptions {
  readonly name: string;
  readonly kind: RecordedSpan['kind'];
  /** On the clock of `performance.now()`. */
  readonly start: number;
  readonly parent: TraceParent | undefined;
  readonly sampling: Sampling;
  export(spans: readonly RecordedSpan[]): void;
}

/** `head`: it is told of for certain; `tail`: what comes of it decides; `none`: never, and its ids only go on. */
export type Sampling = 'head' | 'tail' | 'none';

/** More spans of one trace are left out until those before have been exported. */
const MAX_SPANS = 500;
const MAX_LINKS = 128;
const NO_ATTRIBUTES: SpanAttributes = {};
const NO_LINKS: readonly SpanIds[] = [];

/** Records spans as cheaply as can be, since most are forgotten when their operation has ended well. */
export function recordTrace({ name, kind, start, parent, sampling, export: exportAll }: TraceOptions): RecordedTrace {
  const traceId = parent?.traceId ?? newTraceId();
  const isSampled = sampling === 'head';
  let isOpen = sampling !== 'none';
  /** Made when they are exported. */
  let ended: (() => RecordedSpan)[] = [];
  let begun = 0;
  let leftOut = 0;

  function newSpan(
    spanName: string,
    spanKind: RecordedSpan['kind'],
    parentId: () => string | undefined,
    from: number,
  ): TraceSpan {
    let spanId: string | undefined;
    let attributes: Record<string, SpanAttributes[string]> | undefined;
    let links: SpanIds[] | undefined;
    let isOver = false;
    const ids = (): SpanIds => ({ traceId, spanId: (spanId ??= newSpanId()) });
    return {
      isRecorded: true,
      ids,
      traceparent: () => traceParentText({ ...ids(), isSampled }),
      set: (attribute, value) => void ((attributes ??= {})[attribute] = value),
      link(to) {
        links ??= [];
        if (links.length < MAX_LINKS) links.push(to);
      },
      end(error) {
        if (isOver || !isOpen) return;
        isOver = true;
        const end = performance.now();
        ended.push(() => ({
          ...ids(),
          parentId: parentId(),
          name: spanName,
          kind: spanKind,
          start: from,
          end,
          attributes: attributes ?? NO_ATTRIBUTES,
          links: links ?? NO_LINKS,
          error,
        }));
      },
    };
  }

  /** A span of which nothing is kept: requests go on from the one around it. */
  function unrecorded(around: () => string): TraceSpan {
    const ids = (): SpanIds => ({ traceId, spanId: around() });
    const traceparent = (): string => traceParentText({ ...ids(), isSampled });
    return { isRecorded: false, ids, traceparent, set: nothing, link: nothing, end: nothing };
  }

  function exportEnded(): void {
    if (ended.length > 0) exportAll(ended.map((make) => make()));
    ended = [];
    begun = 0;
  }

  const rootId = parent?.spanId;
  const root = isOpen ? newSpan(name, kind, () => rootId, start) : unrecorded(once(newSpanId));

  return {
    traceId,
    isSampled,
    root,
    resolvers: undefined,
    begin(spanName, within = root, spanKind = 'internal') {
      const around = (): string => within.ids().spanId;
      if (isOpen && begun++ < MAX_SPANS) return newSpan(spanName, spanKind, around, performance.now());
      leftOut++;
      return unrecorded(around);
    },
    add(span, parentId) {
      const spanId = newSpanId();
      if (isOpen && begun++ < MAX_SPANS)
        ended.push(() => ({
          ...span,
          traceId,
          spanId,
          parentId,
          kind: 'internal',
          attributes: NO_ATTRIBUTES,
          links: NO_LINKS,
        }));
      else leftOut++;
      return spanId;
    },
    beginAnother: (other) =>
      recordTrace({
        name: other,
        kind: 'consumer',
        start: performance.now(),
        parent: undefined,
        sampling: isSampled ? 'head' : 'none',
        export: exportAll,
      }),
    flush() {
      if (isSampled) exportEnded();
      // Its end may be hours away.
      else isOpen = false;
    },
    finish(keeps, error) {
      if (!isOpen) return;
      if (leftOut > 0) root.set('gatehouse.trace.spans_left_out', leftOut);
      root.end(error);
      if (keeps) exportEnded();
      isOpen = false;
      ended = [];
    },
  };
}

function nothing(): void {}

function once(make: () => string): () => string {
  let made: string | undefined;
  return () => (made ??= make());
}
