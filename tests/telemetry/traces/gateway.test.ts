import { afterAll, beforeAll, expect, test } from 'vitest';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { startDemoSubgraphs, type RunningDemo } from '../../../subgraphs/index.ts';
import { startGateway, type TestGateway } from '../../harness/gateway.ts';
import { until } from '../../harness/until.ts';
import { startOtlpReceiver, type OtlpReceiver } from '../otlp-receiver.ts';
import { outline, treesOf, type SpanTree } from './span-tree.ts';

let demo: RunningDemo;
let receiver: OtlpReceiver;
let gateway: TestGateway;

beforeAll(async () => {
  [demo, receiver] = await Promise.all([startDemoSubgraphs({ ports: 'free' }), startOtlpReceiver()]);
  gateway = await startGateway({
    subgraphs: demo.subgraphs,
    config: new URL('../gateway.config.ts', import.meta.url).pathname,
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_SERVICE_NAME: 'the-gateway',
      TELEMETRY: JSON.stringify({ ratio: 1, resolvers: 1, operationNames: true }),
    },
  });
});

afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await receiver?.[Symbol.asyncDispose]();
  await demo?.close();
});

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CLIENT = 'b7ad6b7169203331';

/** What becomes of one request, by the trace that the client says it is of. */
async function ask(number: number, query: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', traceparent: `00-${traceId(number)}-${CLIENT}-01`, ...headers },
    body: JSON.stringify({ query }),
  });
}

const traceId = (number: number): string => `${TRACE.slice(0, -4)}${number.toString(16).padStart(4, '0')}`;

function named(tree: SpanTree, name: string): readonly SpanTree[] {
  return tree.children.filter(({ span }) => span.name === name);
}

async function treeOf(number: number, root = 'POST /graphql'): Promise<SpanTree> {
  return until('the trace', () => {
    const spans = receiver.spans().filter((span) => span.traceId === traceId(number));
    return treesOf(spans, root)[0];
  });
}

test('a query over three subgraphs is one trace, from the client to the fields of the subgraphs', async () => {
  const response = await ask(1, 'query Deep { product(upc: "1") { name stock averageRating } }');
  expect(await response.json()).toMatchObject({ data: { product: { name: 'Tall Copper Shelf' } } });
  const tree = await treeOf(1);

  expect(outline(tree)).toEqual([
    'POST /graphql',
    'authenticate',
    'graphql.parse',
    'graphql.validate',
    'limits',
    'authorize',
    'cache',
    'graphql.plan',
    ['subgraph products', 'POST', ['Query.product', 'Product.name', 'Product.upc']],
    ['subgraph reviews', 'POST', ['Query._entities', 'Product.averageRating', 'Product.upc']],
    ['subgraph inventory', 'POST', ['Query._entities', 'Product.stock', 'Product.upc']],
  ]);
  expect(tree.span).toMatchObject({
    kind: 'SERVER',
    parentSpanId: CLIENT,
    resource: { 'service.name': 'the-gateway' },
    attributes: {
      'http.request.method': 'POST',
      'http.response.status_code': 200,
      'graphql.operation.type': 'query',
      'graphql.operation.name': 'Deep',
      'gatehouse.request.id': response.headers.get('x-request-id'),
      'gatehouse.cache.outcome': 'miss',
    },
  });
  const [call] = named(tree, 'subgraph reviews');
  expect(call?.span.attributes).toMatchObject({
    'gatehouse.subgraph.entities': 1,
    'gatehouse.subgraph.attempts': 1,
    'gatehouse.cache.found': 0,
  });
  expect(call?.children[0]?.span).toMatchObject({
    kind: 'CLIENT',
    attributes: { 'http.request.method': 'POST', 'http.response.status_code': 200 },
  });
});

test('a cache hit is a trace without calls, whoever answers', async () => {
  const query = '{ product(upc: "2") { name } }';
  await (await ask(10, query)).text();
  await treeOf(10);
  // Another header: the front door does not know this request yet.
  const second = await ask(11, query, { 'x-other': '1' });
  expect(second.headers.get('cache-status')).toContain('hit');
  const inPipeline = await treeOf(11);
  expect(outline(inPipeline)).toEqual([
    'POST /graphql',
    'authenticate',
    'graphql.parse',
    'graphql.validate',
    'limits',
    'authorize',
    'cache',
  ]);
  const third = await ask(12, query, { 'x-other': '1' });
  expect(third.headers.get('cache-status')).toContain('hit');
  const atTheDoor = await treeOf(12);
  expect(outline(atTheDoor)).toBe('POST /graphql');
  for (const { span } of [inPipeline, atTheDoor]) {
    expect(span).toMatchObject({
      parentSpanId: CLIENT,
      attributes: {
        'gatehouse.cache.outcome': 'hit',
        'gatehouse.cache.tier': 'l1',
        'http.response.status_code': 200,
        'graphql.operation.type': 'query',
      },
    });
  }
});

test('a refused operation is a trace that ends where it was refused, and says why', async () => {
  expect((await ask(20, '{ __typename }', { authorization: 'Bearer nobody.knows.this' })).status).toBe(401);
  const unknown = await treeOf(20);
  expect(outline(unknown)).toEqual(['POST /graphql', 'authenticate']);
  expect(unknown.span.attributes).toMatchObject({
    'http.response.status_code': 401,
    'gatehouse.error.codes': ['UNAUTHENTICATED'],
  });

  const deep =
    '{ users(first: 1) { reviews(first: 1) { product { reviews(first: 1) { author { reviews(first: 1) { id } } } } } } }';
  expect((await ask(21, deep)).status).toBe(400);
  const tooDeep = await treeOf(21);
  expect(outline(tooDeep)).toEqual(['POST /graphql', 'authenticate', 'graphql.parse', 'graphql.validate', 'limits']);
  expect(tooDeep.span.attributes).toMatchObject({ 'gatehouse.error.codes': ['OPERATION_TOO_COMPLEX'] });

  expect((await ask(22, '{ nothing }', { accept: 'application/graphql-response+json' })).status).toBe(400);
  const invalid = await treeOf(22);
  expect(outline(invalid)).toEqual(['POST /graphql', 'authenticate', 'graphql.parse', 'graphql.validate']);
  expect(invalid.children.at(-1)?.span.status.code).toBe('ERROR');
});

test('a subscription is a trace with a span for each event, which has a link to what was done for all who got it', async () => {
  const client = createClient({ url: `${gateway.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket });
  const events: unknown[] = [];
  const traceparent = `00-${traceId(30)}-${CLIENT}-01`;
  const stop = client.subscribe(
    { query: 'subscription Counted { stockChanged(upc: "3") { upc name stock } }', extensions: { traceparent } },
    { next: (event) => void events.push(event), error: () => {}, complete: () => {} },
  );
  await until('the subscription', async () => {
    await (await ask(31, 'mutation { setStock(upc: "3", quantity: 5) { stock } }')).text();
    return events.length > 0;
  });
  await (await ask(32, 'mutation { setStock(upc: "3", quantity: 6) { stock } }')).text();
  await until('two events', () => events.length >= 2);
  stop();
  const tree = await treeOf(30, 'graphql websocket');
  await client.dispose();

  expect(tree.span).toMatchObject({
    kind: 'SERVER',
    parentSpanId: CLIENT,
    attributes: {
      'gatehouse.transport': 'websocket',
      'graphql.operation.type': 'subscription',
      'gatehouse.subscription.events': named(tree, 'subscription event').length,
    },
  });
  expect(
    outline({ ...tree, children: tree.children.filter(({ span }) => span.name !== 'subscription event') }),
  ).toEqual(['graphql websocket', 'graphql.parse', 'graphql.validate', 'limits', 'authorize']);
  const delivered = named(tree, 'subscription event');
  expect(delivered.length).toBeGreaterThanOrEqual(2);
  for (const { span } of delivered) {
    const [link] = span.links;
    const made = treesOf(receiver.spans(), 'subscription event').find(
      ({ span: { spanId } }) => spanId === link?.spanId,
    );
    expect(made?.span).toMatchObject({
      kind: 'CONSUMER',
      links: [{ traceId: tree.span.traceId, spanId: tree.span.spanId }],
    });
    expect(made && named(made, 'subgraph products')).toHaveLength(1);
  }
});
