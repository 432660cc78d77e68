import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readEventStream, type ServerSentEvent } from '../../../plugins/subscriptions/upstream/event-stream.ts';

const PLENTY = 1_000_000;

function read(chunks: readonly (string | Uint8Array)[], maxBytes = PLENTY): ServerSentEvent[] {
  const events: ServerSentEvent[] = [];
  const take = readEventStream(maxBytes, (event) => events.push(event));
  for (const chunk of chunks) take(Buffer.from(chunk as Uint8Array));
  return events;
}

/** The format read all at once, by nothing but splitting. */
function reference(stream: string): ServerSentEvent[] {
  const lines = stream.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/);
  const events: ServerSentEvent[] = [];
  let fields: [string, string][] = [];
  // What stands behind the last line break is no line yet.
  for (const line of lines.slice(0, -1)) {
    if (line !== '') {
      const [, field = '', value = ''] = /^([^:]*):? ?(.*)$/su.exec(line) ?? [];
      fields.push([field, line.includes(':') ? value : '']);
      continue;
    }
    const type = fields.findLast(([field]) => field === 'event')?.[1] ?? '';
    const data = fields.filter(([field]) => field === 'data').map(([, value]) => value);
    if (type !== '' || data.length > 0) events.push({ type: type || 'message', data: data.join('\n') });
    fields = [];
  }
  return events;
}

const lineBreak = fc.constantFrom('\n', '\r', '\r\n');
const value = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => text.replaceAll(/[\r\n]/g, '')),
  fc.constantFrom('', ' ', '  two', ':', '{"data":{"a":"ä€𝄞"}}', '\uFEFF', 'next', 'complete'),
);
const line = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(fc.constantFrom('data', 'event', 'id', 'retry', '', 'datax', ' data'), fc.constantFrom(':', ': '), value)
      .map((parts) => parts.join('')),
  },
  { weight: 1, arbitrary: fc.constantFrom('data', 'event', 'nothing') },
  { weight: 3, arbitrary: fc.constant('') },
);
const stream = fc
  .tuple(fc.constantFrom('', '\uFEFF'), fc.array(fc.tuple(line, lineBreak)), fc.constantFrom('', 'data: cut o'))
  .map(([start, lines, rest]) => start + lines.flat().join('') + rest);

describe('an event stream', () => {
  test('gives the same events however its bytes are cut', () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat()), (text, cuts) => {
        const bytes = Buffer.from(text);
        const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].toSorted((a, b) => a - b);
        const chunks = [0, ...places].map((from, index) => bytes.subarray(from, places[index] ?? bytes.length));
        expect(read(chunks)).toEqual(reference(text));
      }),
      { numRuns: 2_000 },
    );
  });

  test('gives the same events byte by byte', () => {
    fc.assert(
      fc.property(stream, (text) => {
        expect(read(Array.from(Buffer.from(text), (byte) => Uint8Array.of(byte)))).toEqual(reference(text));
      }),
    );
  });

  test('has an event for each block, with its type and its lines of data', () => {
    expect(read(['event: next\ndata: {"a":\r\ndata:1}\r\n\r\n: a comment\n\ndata\n\nevent: complete\n\n'])).toEqual([
      { type: 'next', data: '{"a":\n1}' },
      { type: 'message', data: '' },
      { type: 'complete', data: '' },
    ]);
  });

  test('gives nothing of an event that has not ended', () => {
    expect(read(['data: a\n'])).toEqual([]);
  });
});

describe('the bound', () => {
  const of = (maxBytes: number) => {
    const events: ServerSentEvent[] = [];
    return { events, take: readEventStream(maxBytes, (event) => events.push(event)) };
  };

  test('lets an event of just that size through, and not one byte more', () => {
    const { events, take } = of(10);
    expect(take(Buffer.from('data: 1234\n\n'))).toBe(true);
    expect(events).toEqual([{ type: 'message', data: '1234' }]);
    expect(take(Buffer.from('data: 12345\n\n'))).toBe(false);
    expect(events).toHaveLength(1);
  });

  test('counts all lines of data of an event together', () => {
    const { take } = of(20);
    expect(take(Buffer.from('data: 1234\ndata: 1234\n'))).toBe(true);
    expect(take(Buffer.from('data'))).toBe(false);
  });

  test('holds for a line that does not end, whatever it is', () => {
    const { take } = of(10);
    expect(take(Buffer.from(':12345'))).toBe(true);
    expect(take(Buffer.from('678901'))).toBe(false);
  });

  test('is for each event: any number of small ones and of comments may come', () => {
    const { events, take } = of(10);
    for (let round = 0; round < 1_000; round++) expect(take(Buffer.from(':ping\n\ndata: 1\n\n'))).toBe(true);
    expect(events).toHaveLength(1_000);
  });
});
