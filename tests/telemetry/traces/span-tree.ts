import type { DecodedSpan } from '../otlp-receiver.ts';

/** A span by its name, with those within it, in the order in which they began. */
export interface SpanTree {
  readonly span: DecodedSpan;
  readonly children: readonly SpanTree[];
}

/** The traces in which there is a span with this name at the root, as far as they have come. */
export function treesOf(spans: readonly DecodedSpan[], root: string): readonly SpanTree[] {
  const tree = (span: DecodedSpan): SpanTree => ({
    span,
    children: spans
      .filter(({ parentSpanId, traceId }) => parentSpanId === span.spanId && traceId === span.traceId)
      .toSorted((a, b) => a.start - b.start)
      .map(tree),
  });
  const ids = new Set(spans.map(({ spanId }) => spanId));
  return spans
    .filter(({ name, parentSpanId }) => name === root && (parentSpanId === undefined || !ids.has(parentSpanId)))
    .map(tree);
}

/** `name` of a leaf, `[name, ...]` of others; equal neighbours once. */
export type Outline = string | readonly [string, ...Outline[]];

export function outline({ span, children }: SpanTree): Outline {
  if (children.length === 0) return span.name;
  return [span.name, ...children.map(outline)];
}
