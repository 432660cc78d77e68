import { SpanKind, SpanStatusCode, TraceFlags, type HrTime, type SpanContext } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node';
import type { RecordedSpan } from './recorder.ts';

const KINDS = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  internal: SpanKind.INTERNAL,
  consumer: SpanKind.CONSUMER,
} as const;
const SCOPE = { name: 'gatehouse' };
const NO_EVENTS: ReadableSpan['events'] = [];

/**
 * As OpenTelemetry's exporters take it.
 *
 * @param origin ms since 1970 at which `performance.now()` was 0
 */
export function readableSpan(span: RecordedSpan, resource: Resource, origin: number): ReadableSpan {
  const context = contextOf(span.traceId, span.spanId);
  return {
    name: span.name,
    kind: KINDS[span.kind],
    spanContext: () => context,
    ...(span.parentId !== undefined && { parentSpanContext: contextOf(span.traceId, span.parentId) }),
    startTime: time(origin + span.start),
    endTime: time(origin + span.end),
    duration: time(span.end - span.start),
    status: span.error === undefined ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR },
    attributes: attributesOf(span),
    links: span.links.map(({ traceId, spanId }) => ({ context: contextOf(traceId, spanId) })),
    events: NO_EVENTS,
    ended: true,
    resource,
    instrumentationScope: SCOPE,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

function attributesOf({ attributes, error }: RecordedSpan): ReadableSpan['attributes'] {
  const all = attributes as ReadableSpan['attributes'];
  return error === undefined ? all : { ...all, 'error.type': error };
}

function contextOf(traceId: string, spanId: string): SpanContext {
  return { traceId, spanId, traceFlags: TraceFlags.SAMPLED };
}

/** Seconds, and nanoseconds beyond them. */
function time(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
}
