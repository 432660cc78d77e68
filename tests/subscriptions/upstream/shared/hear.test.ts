import {
  array,
  assert,
  boolean,
  constantFrom,
  integer,
  jsonValue,
  oneof,
  property,
  record,
  string,
  tuple,
} from 'fast-check';
import { expect, test } from 'vitest';
import { hear } from '../../../../plugins/subscriptions/upstream/shared/hear.ts';
import {
  beatText,
  endText,
  eventText,
  goneText,
  parseMessage,
  type Message,
  type Position,
} from '../../../../plugins/subscriptions/upstream/shared/message.ts';

const RUNS = Number(process.env['FAST_CHECK_RUNS'] ?? 500);

test('what is said is what is heard, and what is no message is none', () => {
  const number = integer({ min: 0, max: 1_000 });
  assert(
    property(string(), number, boolean(), jsonValue(), string(), (token, at, isOpen, data, reason) => {
      const event = JSON.parse(JSON.stringify({ data })) as object;
      expect(parseMessage(beatText(token, { number: at, isOpen }))).toEqual({
        token,
        number: at,
        kind: 'beat',
        isOpen,
      });
      expect(parseMessage(eventText(token, at, JSON.stringify(event)))).toEqual({
        token,
        number: at,
        kind: 'event',
        event,
      });
      expect(parseMessage(goneText(token, at, reason))).toEqual({ token, number: at, kind: 'gone', reason });
      for (const end of [
        { kind: 'completed' },
        { kind: 'lost', reason },
        { kind: 'refused', errors: [event] },
      ] as const) {
        expect(parseMessage(endText(token, at, end))).toEqual({ token, number: at, kind: 'end', end });
      }
    }),
    { numRuns: RUNS },
  );
  assert(
    property(
      oneof(
        string(),
        jsonValue().map((value) => JSON.stringify(value)),
      ),
      (text) => {
        expect(parseMessage(text)).toBeUndefined();
      },
    ),
    { numRuns: RUNS },
  );
});

/** What one who follows takes of messages, and why it stops. */
function followed(messages: readonly Message[]): { readonly numbers: number[]; readonly stopped: string | undefined } {
  let position: Position = { isOpen: true, number: 0 };
  const numbers: number[] = [];
  for (const message of messages) {
    const heard = hear(position, message);
    if (heard.kind === 'over' || heard.kind === 'end') return { numbers, stopped: heard.kind };
    position = heard.position;
    if (heard.kind === 'event') numbers.push(position.number);
  }
  return { numbers, stopped: undefined };
}

test('whatever is said again, left out or mixed up, events are taken in order, once, and none is passed over', () => {
  const said = record({ number: integer({ min: 0, max: 8 }), kind: constantFrom('event', 'beat', 'end', 'gone') });
  assert(
    property(array(said, { maxLength: 30 }), (all) => {
      const messages = all.map(({ number, kind }): Message => {
        const at = { token: 't', number };
        if (kind === 'event') return { ...at, kind, event: {} };
        if (kind === 'beat') return { ...at, kind, isOpen: true };
        return kind === 'end' ? { ...at, kind, end: { kind: 'completed' } } : { ...at, kind, reason: 'x' };
      });
      const { numbers, stopped } = followed(messages);
      expect(numbers).toEqual(numbers.map((_, index) => index + 1));
      const highest = Math.max(0, ...messages.slice(0, messages.length).map(({ number }) => number));
      if (stopped === undefined) expect(numbers.length).toBe(highest);
    }),
    { numRuns: RUNS },
  );
});

test('what is said again in batches, as after a script without an answer, changes nothing', () => {
  assert(
    property(array(tuple(integer({ min: 1, max: 5 }), boolean()), { maxLength: 10 }), (batches) => {
      const messages: Message[] = [];
      let number = 0;
      for (const [size, isRepeated] of batches) {
        const batch = Array.from({ length: size }, (): Message => ({
          token: 't',
          number: ++number,
          kind: 'event',
          event: {},
        }));
        messages.push(...batch, ...(isRepeated ? batch : []));
      }
      expect(followed(messages)).toEqual({
        numbers: Array.from({ length: number }, (_, at) => at + 1),
        stopped: undefined,
      });
    }),
    { numRuns: RUNS },
  );
});
