import { expect, test } from 'vitest';
import {
  recordTrace,
  type RecordedSpan,
  type RecordedTrace,
  type Sampling,
} from '../../../plugins/telemetry/traces/recorder.ts';

function record(sampling: Sampling): { readonly trace: RecordedTrace; readonly told: RecordedSpan[] } {
  const told: RecordedSpan[] = [];
  const trace = recordTrace({
    name: 'root',
    kind: 'server',
    start: performance.now(),
    parent: undefined,
    sampling,
    export: (spans) => void told.push(...spans),
  });
  return { trace, told };
}

test('spans are told of when the operation has ended, each within the one that it was begun in', () => {
  const { trace, told } = record('head');
  const outer = trace.begin('outer');
  const inner = trace.begin('inner', outer, 'client');
  inner.describe(() => ({ attribute: 1 }));
  inner.end('FAILED');
  outer.end();
  expect(told).toEqual([]);
  trace.finish(true);
  trace.finish(true);
  const root = told.find(({ name }) => name === 'root');
  expect(told.map(({ name }) => name)).toEqual(['inner', 'outer', 'root']);
  expect(told[0]).toMatchObject({
    parentId: outer.ids().spanId,
    kind: 'client',
    error: 'FAILED',
    attributes: { attribute: 1 },
  });
  expect(told[1]).toMatchObject({ parentId: root?.spanId, error: undefined });
  expect(root).toMatchObject({ traceId: trace.traceId, parentId: undefined });
});

test('what is not kept is told to nobody, and what ends later neither', () => {
  const { trace, told } = record('tail');
  const late = trace.begin('late');
  trace.finish(false);
  late.end();
  trace.flush();
  expect(told).toEqual([]);
});

test('what nobody will see is not recorded; requests to others go on with the trace', () => {
  const { trace } = record('none');
  const span = trace.begin('span');
  expect(span.isRecorded).toBe(false);
  expect(span.traceparent()).toBe(`00-${trace.traceId}-${trace.root.ids().spanId}-00`);
  expect(trace.begin('other').traceparent()).toBe(span.traceparent());
});

test('an operation with very many spans keeps the first, and says how many it has left out', () => {
  const { trace, told } = record('head');
  for (let n = 0; n < 10_000; n++) trace.begin(`span ${n}`).end();
  trace.finish(true);
  expect(told).toHaveLength(501);
  expect(told.at(-1)?.attributes).toEqual({ 'gatehouse.trace.spans_left_out': 9_500 });
});

test('what goes on for long is told of bit by bit, without a bound', () => {
  const { trace, told } = record('head');
  for (let n = 0; n < 2_000; n++) {
    trace.begin('event').end();
    trace.flush();
  }
  expect(told).toHaveLength(2_000);
});

test('what goes on for long, and is not sampled, records nothing further', () => {
  const { trace, told } = record('tail');
  trace.flush();
  expect(trace.begin('event').isRecorded).toBe(false);
  trace.finish(true);
  expect(told).toEqual([]);
});
