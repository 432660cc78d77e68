import type { StreamTransport } from './accept.ts';

/** How responses stand in the body of an HTTP response. */
export interface Framing {
  readonly contentType: string;
  /** Before the first. */
  readonly start: Buffer;
  event(response: Buffer): Buffer;
  /** The last: errors that end the subscription. */
  failure(errors: Buffer): Buffer;
  readonly heartbeat: Buffer;
  /** ms between two heartbeats. */
  readonly heartbeatEvery: number;
  /** After the last, when the subscription has come to its end. */
  readonly end: Buffer;
}

/** graphql-sse, "Distinct connections mode". */
const SERVER_SENT_EVENTS: Framing = {
  contentType: 'text/event-stream',
  // Some browsers show the headers to a page only when something of the body has come.
  start: Buffer.from(':\n\n'),
  event: (response) => Buffer.concat([Buffer.from('event: next\ndata: '), response, Buffer.from('\n\n')]),
  failure: (errors) => Buffer.concat([Buffer.from('event: next\ndata: {"errors":'), errors, Buffer.from('}\n\n')]),
  heartbeat: Buffer.from(':\n\n'),
  heartbeatEvery: 12_000,
  end: Buffer.from('event: complete\ndata:\n\n'),
};

const BOUNDARY = 'graphql';
const PART = `\r\n--${BOUNDARY}\r\ncontent-type: application/json\r\n\r\n`;

/** Apollo, "Multipart HTTP protocol for GraphQL Subscriptions", version 1.0. */
const MULTIPART: Framing = {
  contentType: `multipart/mixed;boundary="${BOUNDARY}";subscriptionSpec=1.0`,
  start: Buffer.from(`${PART}{}`),
  event: (response) => Buffer.concat([Buffer.from(`${PART}{"payload":`), response, Buffer.from('}')]),
  failure: (errors) => Buffer.concat([Buffer.from(`${PART}{"payload":null,"errors":`), errors, Buffer.from('}')]),
  heartbeat: Buffer.from(`${PART}{}`),
  heartbeatEvery: 5_000,
  end: Buffer.from(`\r\n--${BOUNDARY}--\r\n`),
};

export function framingOf(transport: StreamTransport): Framing {
  return transport === 'multipart' ? MULTIPART : SERVER_SENT_EVENTS;
}
