// What all the processes of the bench agree on.

export const SDL = `
  type Query { quote(id: ID!): Quote }
  type Subscription { quoteChanged(topic: String!): Quote! }
  type Quote { id: ID! at: Float! symbol: String! price: Float! note: String! }
`;

export const QUERY = `subscription Quotes($topic: String!) {
  quoteChanged(topic: $topic) { id at symbol price note }
}`;

export const PROTOCOL = 'graphql-transport-ws';

/** As long as the ids that `graphql-ws` makes for a client's subscriptions. */
export const ID_LENGTH = 36;

/** When an event was published, if it is one that only finds out who is subscribed by now. */
export const PROBE_AT = 0;

export function topicName(number: number): string {
  return `topic-${number}`;
}

/** µs on a clock that all processes of the host share. */
export function now(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000_000 + Math.floor(nanoseconds / 1_000);
}

const AT = Buffer.from('"at":');
const ZERO = '0'.charCodeAt(0);

/** The `at` of an event, read from its text without parsing it; undefined for a message without one. */
export function publishedAt(message: Buffer): number | undefined {
  const found = message.indexOf(AT);
  if (found === -1) return undefined;
  let at = 0;
  for (let place = found + AT.length; ; place++) {
    const digit = (message[place] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return at;
    at = at * 10 + digit;
  }
}
