import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readTraceParent, traceParentText } from '../../../plugins/telemetry/traces/traceparent.ts';

const hex = (length: number) =>
  fc
    .string({ unit: fc.constantFrom(...'0123456789abcdef'.split('')), minLength: length, maxLength: length })
    .filter((id) => /[^0]/.test(id));

test('what is written is read as the same', () => {
  const parents = fc.record({ traceId: hex(32), spanId: hex(16), isSampled: fc.boolean() });
  fc.assert(
    fc.property(parents, (parent) => {
      expect(readTraceParent(traceParentText(parent))).toEqual(parent);
    }),
  );
});

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

test.each([
  ['a later version, which may say more', `cc-${TRACE}-${SPAN}-01-more`, true],
  ['other flags than sampled', `00-${TRACE}-${SPAN}-fe`, false],
])('%s is understood', (_, header, isSampled) => {
  expect(readTraceParent(header)).toEqual({ traceId: TRACE, spanId: SPAN, isSampled });
});

test.each([
  undefined,
  7,
  '',
  `ff-${TRACE}-${SPAN}-01`,
  `00-${TRACE}-${SPAN}-01-more`,
  `00-${TRACE.toUpperCase()}-${SPAN}-01`,
  `00-${'0'.repeat(32)}-${SPAN}-01`,
  `00-${TRACE}-${'0'.repeat(16)}-01`,
  `00-${TRACE}-${SPAN}`,
  ` 00-${TRACE}-${SPAN}-01`,
  `cc-${TRACE}-${SPAN}-01-${'x'.repeat(1_000)}`,
])('a trace begins anew where the client says %j', (header) => {
  expect(readTraceParent(header)).toBeUndefined();
});

test('no text makes it fail, or becomes another id than was sent', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const parent = readTraceParent(text);
      if (parent) expect(text).toContain(`${parent.traceId}-${parent.spanId}`);
    }),
  );
});
