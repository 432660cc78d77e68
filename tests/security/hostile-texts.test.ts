import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { federated, startSubgraph, type TestSubgraph } from '../harness/subgraph.ts';
import { onWire, requestText } from './wire.ts';

// Texts as large as a body or a header may be, made so that a careless pattern takes time by their square.

let subgraph: TestSubgraph;
let gateway: TestGateway;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-security-'));
  subgraph = await startSubgraph(
    'echo',
    federated('type Query { one: Int echo(text: String, in: In): String } input In { text: String number: Int }'),
    { Query: { one: () => 1, echo: () => 'a' } },
  );
  gateway = await startGateway({
    subgraphs: [subgraph],
    env: { AUDIT_FILE: join(directory, 'audit.jsonl'), API_KEY_SECRET: 'x'.repeat(32) },
  });
});
afterAll(async () => {
  await Promise.all([gateway, subgraph].map((server) => server?.[Symbol.asyncDispose]()));
  await rm(directory, { recursive: true, force: true });
});

/** ms for which nobody else is answered; a body of 1 MiB takes some of it by itself. */
const LONGEST = 1_000;
/** Bytes of one text; a body is 1 MiB at most. */
const LARGE = 200_000;

/** How long the request takes, and what a client learns. */
async function ask(body: string, ...lines: readonly string[]): Promise<{ ms: number; status: number | undefined }> {
  const start = performance.now();
  const [answer] = await onWire(
    gateway,
    [
      requestText(
        'POST /graphql HTTP/1.1',
        ['content-type: application/json', 'connection: close', `content-length: ${Buffer.byteLength(body)}`, ...lines],
        body,
      ),
    ],
    60_000,
  );
  return { ms: performance.now() - start, status: answer?.status };
}

const UNITS = [
  ' Did you mean ',
  'Int " ',
  ' at "a.b"; ',
  '; ',
  'operation "a" conflict ',
  'eyJy',
  'a@a.',
  '1 ',
  'a.a',
  '"',
  '\\',
  '(',
  '/',
  '\u0000',
  ' ',
  '\n',
  '-',
  '{',
  '\u00e9\u0301',
] as const;

describe('a text that is made to be slow to look at is not', () => {
  test.each(UNITS)(
    '%j, over and over',
    async (unit) => {
      const text = unit.repeat(LARGE / unit.length);
      const literal = JSON.stringify(text);
      const slow: unknown[] = [];
      for (const [where, body] of Object.entries({
        'a document that does not parse': { query: `{ echo(text: ${literal} ${literal.slice(0, 9)}` },
        'a literal that is of another type': { query: `{ echo(in: { number: ${literal} }) }` },
        'a literal in a wrong place': { query: `{ one ${literal} }` },
        'a default value': { query: `query ($number: Int = ${literal}) { one }` },
        'a variable': { query: 'query ($text: String) { echo(text: $text) }', variables: { text } },
        'a variable of another type': {
          query: 'query ($in: In) { echo(in: $in) }',
          variables: { in: { number: text } },
        },
        'a name of a variable': { query: 'query ($in: In) { echo(in: $in) }', variables: { in: { [text]: 1 } } },
        'a name of an operation': { query: 'query A { one }', operationName: text },
        'a comment': { query: `{ one } # ${text.replaceAll('\n', '\r')}` },
        'a block string': { query: `{ echo(text: """${text.replaceAll('"', '\\"""')} """) }` },
        'a document': { query: text },
        'an extension': { query: '{ one }', extensions: { persistedQuery: { version: 1, sha256Hash: text } } },
        'a document id': { documentId: text },
      })) {
        const { ms, status } = await ask(JSON.stringify(body));
        if (ms > LONGEST || status === undefined || status >= 500) slow.push([where, Math.round(ms), status]);
      }
      const value = unit.replaceAll(/[\p{Cc}\p{M}]/gu, ' ').repeat(12_000 / unit.length);
      for (const name of [
        'authorization',
        'accept',
        'content-type',
        'cookie',
        'x-forwarded-for',
        'origin',
        'traceparent',
        'x-request-id',
        'if-none-match',
        'cache-control',
        'user-agent',
        'baggage',
      ]) {
        const line = name === 'authorization' ? `${name}: Bearer ${value}` : `${name}: ${value}`;
        const { ms, status } = await ask('{"query":"{one}"}', line);
        if (ms > LONGEST || status === undefined || status >= 500) slow.push([name, Math.round(ms), status]);
      }
      expect(slow).toEqual([]);
    },
    120_000,
  );
});
