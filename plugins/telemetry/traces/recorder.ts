import type { OperationTrace, SpanAttributes, SpanIds, SpanKind, TraceSpan } from '../../account/index.ts';
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

/** What the spans of a trace have in common. */
interface Recording {
  readonly traceId: string;
  readonly isSampled: boolean;
  isOpen: boolean;
  ended: RecordingSpan[];
}

/** A class, since there are ten and more for each operation: with closures, a span is seven objects. */
class RecordingSpan implements TraceSpan {
  readonly isRecorded = true;
  readonly #of: Recording;
  readonly #name: string;
  readonly #kind: RecordedSpan['kind'];
  readonly #start: number;
  /** The id of a span elsewhere, or a span of this trace, whose id need not be made before somebody asks for it. */
  readonly #parent: string | TraceSpan | undefined;
  #id: string | undefined;
  #end: number | undefined;
  #error: string | undefined;
  #attributes: (() => SpanAttributes) | undefined;
  #links: SpanIds[] | undefined;

  constructor(
    of: Recording,
    name: string,
    kind: RecordedSpan['kind'],
    parent: string | TraceSpan | undefined,
    start: number,
  ) {
    this.#of = of;
    this.#name = name;
    this.#kind = kind;
    this.#parent = parent;
    this.#start = start;
  }

  ids(): SpanIds {
    return { traceId: this.#of.traceId, spanId: (this.#id ??= newSpanId()) };
  }

  traceparent(): string {
    return traceParentText({ ...this.ids(), isSampled: this.#of.isSampled });
  }

  describe(attributes: () => SpanAttributes): void {
    this.#attributes = attributes;
  }

  link(to: SpanIds): void {
    this.#links ??= [];
    if (this.#links.length < MAX_LINKS) this.#links.push(to);
  }

  end(error?: string): void {
    if (this.#end !== undefined || !this.#of.isOpen) return;
    this.#end = performance.now();
    this.#error = error;
    this.#of.ended.push(this);
  }

  recorded(): RecordedSpan {
    const parent = this.#parent;
    return {
      ...this.ids(),
      parentId: typeof parent === 'object' ? parent.ids().spanId : parent,
      name: this.#name,
      kind: this.#kind,
      start: this.#start,
      end: this.#end ?? this.#start,
      attributes: this.#attributes?.() ?? NO_ATTRIBUTES,
      links: this.#links ?? NO_LINKS,
      error: this.#error,
    };
  }
}

/** Records spans as cheaply as can be, since most are forgotten when their operation has ended well. */
export function recordTrace({ name, kind, start, parent, sampling, export: exportAll }: TraceOptions): RecordedTrace {
  const recording: Recording = {
    traceId: parent?.traceId ?? newTraceId(),
    isSampled: sampling === 'head',
    isOpen: sampling !== 'none',
    ended: [],
  };
  const { traceId, isSampled } = recording;
  const root = recording.isOpen
    ? new RecordingSpan(recording, name, kind, parent?.spanId, start)
    : unrecorded({ traceId, spanId: newSpanId() }, isSampled);
  /** Measured elsewhere. */
  let added: RecordedSpan[] = [];
  let begun = 0;
  let leftOut = 0;

  const hasRoom = (): boolean => {
    if (recording.isOpen && begun++ < MAX_SPANS) return true;
    leftOut++;
    return false;
  };

  function exportEnded(): void {
    const spans = [...recording.ended.map((span) => span.recorded()), ...added];
    if (spans.length > 0) exportAll(leftOut > 0 ? spans.map(withLeftOut) : spans);
    recording.ended = [];
    added = [];
    begun = 0;
  }

  function withLeftOut(span: RecordedSpan): RecordedSpan {
    if (span.spanId !== root.ids().spanId) return span;
    return { ...span, attributes: { ...span.attributes, 'gatehouse.trace.spans_left_out': leftOut } };
  }

  return {
    traceId,
    isSampled,
    root,
    resolvers: undefined,
    begin(spanName, within = root, spanKind = 'internal') {
      if (!hasRoom()) return unrecorded(within.ids(), isSampled);
      return new RecordingSpan(recording, spanName, spanKind, within, performance.now());
    },
    add(span, parentId) {
      const spanId = newSpanId();
      if (hasRoom()) {
        const plain = { kind: 'internal', attributes: NO_ATTRIBUTES, links: NO_LINKS } as const;
        added.push({ ...span, ...plain, traceId, spanId, parentId });
      }
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
      else recording.isOpen = false;
    },
    finish(keeps, error) {
      if (!recording.isOpen) return;
      root.end(error);
      if (keeps) exportEnded();
      recording.isOpen = false;
      recording.ended = [];
    },
  };
}

/** A span of which nothing is kept: requests go on from the one around it. */
function unrecorded(around: SpanIds, isSampled: boolean): TraceSpan {
  return {
    isRecorded: false,
    ids: () => around,
    traceparent: () => traceParentText({ ...around, isSampled }),
    describe: nothing,
    link: nothing,
    end: nothing,
  };
}

function nothing(): void {}
