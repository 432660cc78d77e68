import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { federated, startSubgraph, type TestSubgraph } from '../harness/subgraph.ts';
import { until } from '../harness/until.ts';
import { onWire, requestText } from './wire.ts';

let directory: string;
let subgraph: TestSubgraph;
let gateway: TestGateway;
/** How often anything was executed. */
let executed = 0;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-paths-'));
  const count = (): number => ++executed;
  subgraph = await startSubgraph(
    'counts',
    federated('type Query { now(n: Int): Int } type Mutation { change(n: Int): Int }'),
    {
      Query: { now: count },
      Mutation: { change: count },
    },
  );
  gateway = await startGateway({ subgraphs: [subgraph], env: { AUDIT_FILE: join(directory, 'audit.jsonl') } });
});
afterAll(async () => {
  await Promise.all([gateway, subgraph].map((server) => server?.[Symbol.asyncDispose]()));
  await rm(directory, { recursive: true, force: true });
});

const QUERY = 'query=%7Bnow%7D';
/** All that somebody might take for `/graphql`; %s is the query string. */
const TARGETS = [
  '/graphql?%s',
  '/graphql/?%s',
  '//graphql?%s',
  '/x/graphql?%s',
  '/x/graphql/?%s',
  '/./graphql?%s',
  '/x/../graphql?%s',
  '/x/..;/graphql?%s',
  '/%2e/graphql?%s',
  '/x/%2e%2E/graphql?%s',
  '/x/.%2e/graphql?%s',
  '/..\\graphql?%s',
  '/\\graphql?%s',
  '\\graphql?%s',
  '/graphql\\?%s',
  '/graphql#?%s',
  '/graphql?%s#',
  '/x#/graphql?%s',
  '/x?%s&y=/graphql',
  '/x?%s&y=/graphql/',
  '/x?%s#/graphql',
  '/graphql;x?%s',
  '/graphql%20?%s',
  '/graphql%00?%s',
  '/graphql.json?%s',
  '/GraphQL?%s',
  '/%67raphql?%s',
  '/graphql%2f?%s',
  '/graphql/x?%s',
  '/graphql/.?%s',
  '/graphql/..?%s',
  '/graphql/x/..?%s',
  '/health/../graphql?%s',
  '/health/live/graphql?%s',
  '/health/graphql?%s',
  '/webhooks/cache/graphql?%s',
  '/webhooks/cache?%s&y=/graphql',
  '/metrics/graphql?%s',
  'http://gateway/graphql?%s',
  'http://other/x?%s&y=/graphql',
  '*?%s',
  '?%s',
] as const;

const records = async (): Promise<{ readonly type: string; readonly operation?: unknown }[]> =>
  (await readFile(join(directory, 'audit.jsonl'), 'utf8').catch(() => ''))
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));

test('nothing is executed without a record in the audit log, whatever the URL, the method and the transport', async () => {
  const body = JSON.stringify({ query: 'mutation { change }' });
  const batch = JSON.stringify([{ query: '{ now }' }]);
  const chunk = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  const usual = ['connection: close', 'graphql-require-preflight: 1'];
  const json = [...usual, 'content-type: application/json'];
  const executedAt: string[] = [];
  for (const target of TARGETS) {
    const [url, bare] = [target.replace('%s', QUERY), target.replace('%s', '')];
    for (const request of [
      requestText(`GET ${url} HTTP/1.1`, usual),
      requestText(`GET ${url} HTTP/1.1`, [...json, 'content-length: 2'], '{}'),
      requestText(`HEAD ${url} HTTP/1.1`, usual),
      requestText(`POST ${bare} HTTP/1.1`, [...json, `content-length: ${body.length}`], body),
      requestText(`POST ${bare} HTTP/1.1`, [...json, 'transfer-encoding: chunked'], chunk),
      requestText(`POST ${bare} HTTP/1.1`, [...json, `content-length: ${batch.length}`], batch),
      requestText(`PUT ${bare} HTTP/1.1`, [...json, `content-length: ${body.length}`], body),
    ]) {
      const before = executed;
      await onWire(gateway, [request]);
      if (executed > before) executedAt.push(target);
    }
    for (const path of [url, bare]) await overWebSocket(path);
  }
  // The ways that there are meant to be, and those that GraphQL Yoga adds.
  expect([...new Set(executedAt)]).toEqual(expect.arrayContaining(['/graphql?%s', '/graphql/?%s']));
  expect(executedAt.filter((target) => /[#\\]|\.\.\/|\/\.|%2e/i.test(target))).toEqual([]);
  const isOperation = ({ type }: { type: string }): boolean => type === 'operation';
  const done = async (): Promise<boolean> => (await records()).filter(isOperation).length >= executed;
  await until(`${executed} records; executed at ${[...new Set(executedAt)].join(' ')}`, done, 5_000);
});

async function overWebSocket(path: string): Promise<void> {
  if (!URL.canParse(path, gateway.url) || !path.startsWith('/') || path.includes('#')) return;
  const socket = new WebSocket(`${gateway.url}${path}`, 'graphql-transport-ws');
  const opened = await Promise.race([
    once(socket, 'open').then(() => true),
    once(socket, 'error').then(() => false),
  ]).catch(() => false);
  if (!opened) return;
  const ended = once(socket, 'close');
  socket.on('message', (message: Buffer) => {
    if (message.toString().includes('"complete"')) socket.close();
  });
  socket.send(JSON.stringify({ type: 'connection_init' }));
  socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query: 'mutation { change }' } }));
  await ended;
}
