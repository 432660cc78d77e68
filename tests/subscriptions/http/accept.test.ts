import { expect, test } from 'vitest';
import { transportFor } from '../../../plugins/subscriptions/http/accept.ts';

test.each<[string | null, ReturnType<typeof transportFor>]>([
  ['text/event-stream', 'server-sent-events'],
  ['text/event-stream, application/json', 'server-sent-events'],
  ['TEXT/Event-Stream; charset=utf-8', 'server-sent-events'],
  ['text/*', 'server-sent-events'],
  ['*/*', 'server-sent-events'],
  [null, 'server-sent-events'],
  ['multipart/mixed;subscriptionSpec=1.0', 'multipart'],
  ['multipart/mixed;boundary="graphql";subscriptionSpec="1.0",application/json', 'multipart'],
  ['multipart/mixed;subscriptionSpec=1.0, text/event-stream', 'multipart'],
  ['text/event-stream, multipart/mixed;subscriptionSpec=1.0', 'server-sent-events'],
  ['text/event-stream;q=0.5, multipart/mixed;subscriptionSpec=1.0', 'multipart'],
  ['multipart/mixed;subscriptionSpec=1.0;q=0, text/event-stream;q=0.1', 'server-sent-events'],
  ['multipart/mixed', undefined],
  ['multipart/mixed;deferSpec=20220824', undefined],
  ['application/json', undefined],
  ['text/event-stream;q=0', undefined],
  ['*/*, text/event-stream;q=0', undefined],
  ['text/event-stream;q=nonsense', undefined],
  ['', undefined],
])('a client that accepts %j is sent a subscription as %s', (accept, transport) => {
  expect(transportFor(accept)).toBe(transport);
});
