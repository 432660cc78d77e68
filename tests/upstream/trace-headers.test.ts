import fc from 'fast-check';
import { expect, test } from 'vitest';
import { traceHeaders } from '../../plugins/upstream/trace-headers.ts';

const PARENT = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;

const passedOn = (given: Record<string, string>) => traceHeaders({ get: (name: string) => given[name] ?? null });

test("a client's trace goes on to subgraphs", () => {
  const given = { traceparent: PARENT, tracestate: 'vendor=a b,other=~' };
  expect(passedOn(given)).toEqual(given);
  expect(passedOn({ traceparent: PARENT })).toEqual({ traceparent: PARENT });
  const later = `01-${PARENT.slice(3)}-more`;
  expect(passedOn({ traceparent: later })).toEqual({ traceparent: later });
});

test.each([
  ['none', {}],
  ['a state alone', { tracestate: 'a=1' }],
  ['a parent in upper case', { traceparent: PARENT.replaceAll('1', 'A') }],
  ['a parent that goes on', { traceparent: `${PARENT}0` }],
  ['a parent that is too long', { traceparent: `${PARENT}-${'0'.repeat(256)}` }],
])('nothing does of %s', (_, given) => {
  expect(passedOn({ tracestate: 'a=1', ...given })).toEqual({});
});

test('no byte that is not printable ASCII does, nor a state that is too long', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 600 }),
      fc.string({ unit: 'binary', maxLength: 20 }),
      (state, more) => {
        const { traceparent = '', tracestate = '' } = passedOn({ traceparent: `${PARENT}-${more}`, tracestate: state });
        expect(traceparent + tracestate).not.toMatch(/[^\t\x20-\x7e]/);
        expect(tracestate.length).toBeLessThanOrEqual(512);
      },
    ),
  );
  expect(passedOn({ traceparent: PARENT, tracestate: 'x'.repeat(513) })).toEqual({ traceparent: PARENT });
});
