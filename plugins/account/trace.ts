/** What is traced of an operation: spans within spans. */
export interface OperationTrace {
  /** 32 hexadecimal digits (W3C Trace Context, "trace-id"). */
  readonly traceId: string;
  /** Whether it will be told of for certain; otherwise only when the operation fails or is slow. */
  readonly isSampled: boolean;
  /** The operation's own. */
  readonly root: TraceSpan;
  /** Begins a span within another; within the operation's own without one. */
  begin(name: string, within?: TraceSpan, kind?: SpanKind): TraceSpan;
  /**
   * Takes the timings of a subgraph's fields (federated tracing, `extensions.ftv1`), if it gave any, as of a call;
   * undefined when subgraphs are not to be asked for them.
   */
  readonly resolvers: ((call: TraceSpan, subgraph: string, ftv1: unknown) => void) | undefined;
  /** Begins a trace of its own, for what is done for several operations at once. Whoever does finishes it. */
  beginAnother(name: string): OperationTrace;
  /** Ends the root, and tells of the spans that were not told of yet, or forgets them. Only the first call counts. */
  finish(keeps: boolean, error?: string): void;
  /** For what goes on for long: tells of the spans that have ended. */
  flush(): void;
}

/** In hexadecimal digits, 32 and 16 (W3C Trace Context). */
export interface SpanIds {
  readonly traceId: string;
  readonly spanId: string;
}

/** `client`: a request to another process. */
export type SpanKind = 'internal' | 'client';

/** Nothing that a client sent, and nothing secret, is an attribute, except for names of the schema and of operations. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean | readonly string[]>>;

export interface TraceSpan {
  ids(): SpanIds;
  /** False when nothing of it is kept: nobody need find out attributes for it. */
  readonly isRecorded: boolean;
  /** For a request to another process, that is to go on with the trace (W3C Trace Context, "traceparent"). */
  traceparent(): string;
  /** What there is to tell of it: made when it is told of, which is of few. The last one counts. */
  describe(attributes: () => SpanAttributes): void;
  /** Names a span of another trace that this one has to do with. */
  link(to: SpanIds): void;
  /** Only the first call counts. @param error its code, when it failed */
  end(error?: string): void;
}
