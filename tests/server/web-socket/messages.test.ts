import { anything, assert, property, string } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nextMessages, readMessage } from '../../../plugins/server/web-socket/messages.ts';

describe('a message', () => {
  test.each([
    ['{"type":"connection_init"}', { type: 'connection_init' }],
    ['{"type":"connection_init","payload":null}', { type: 'connection_init' }],
    ['{"type":"ping","payload":{"a":1}}', { type: 'ping', payload: { a: 1 } }],
    ['{"type":"complete","id":"1","more":1}', { type: 'complete', id: '1' }],
    [
      '{"type":"subscribe","id":"1","payload":{"query":"{ a }","variables":null,"operationName":"A"}}',
      { type: 'subscribe', id: '1', payload: { query: '{ a }', variables: null, operationName: 'A' } },
    ],
  ])('of the protocol is read: %s', (text, message) => {
    expect(readMessage(text)).toEqual(message);
  });

  test.each([
    '',
    'null',
    '[]',
    '"ping"',
    '{}',
    '{"type":"next","id":"1"}',
    '{"type":"ping","payload":[]}',
    '{"type":"connection_init","payload":"token"}',
    '{"type":"subscribe","payload":{"query":"{ a }"}}',
    '{"type":"subscribe","id":"","payload":{"query":"{ a }"}}',
    '{"type":"subscribe","id":1,"payload":{"query":"{ a }"}}',
    `{"type":"subscribe","id":"${'x'.repeat(257)}","payload":{"query":"{ a }"}}`,
    '{"type":"subscribe","id":"1"}',
    '{"type":"subscribe","id":"1","payload":{"query":1}}',
    '{"type":"subscribe","id":"1","payload":{"query":1,"documentId":"x"}}',
    '{"type":"subscribe","id":"1","payload":{}}',
    '{"type":"subscribe","id":"1","payload":{"documentId":1}}',
    '{"type":"subscribe","id":"1","payload":{"query":"{ a }","variables":[]}}',
    '{"type":"subscribe","id":"1","payload":{"query":"{ a }","operationName":1}}',
    '{"type":"subscribe","id":"1","payload":{"query":"{ a }","extensions":"x"}}',
    '{"type":"complete"}',
  ])('that is none of the protocol is not: %s', (text) => {
    expect(readMessage(text)).toBeUndefined();
  });

  test('with an event is JSON, whatever the id and the event', () =>
    assert(
      property(string({ minLength: 1 }), anything(), (id, value) => {
        const response = Buffer.from(JSON.stringify({ data: value ?? null }) ?? '{}');
        expect(JSON.parse(nextMessages(id)(response).toString())).toEqual({
          id,
          type: 'next',
          payload: JSON.parse(response.toString()),
        });
      }),
    ));
});
