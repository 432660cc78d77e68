import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../../harness/gateway.ts';
import { federated, startSubgraph, type TestSubgraph } from '../../harness/subgraph.ts';
import { until } from '../../harness/until.ts';
import { startOtlpReceiver, type OtlpReceiver } from '../../telemetry/otlp-receiver.ts';

const CONFIG = new URL('../../telemetry/gateway.config.ts', import.meta.url).pathname;
const TRACE = '0af7651916cd43dd8448eb211c80319c';

const started: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of started.splice(0).toReversed()) await one[Symbol.asyncDispose]();
});

interface Setting {
  readonly subgraph: TestSubgraph;
  readonly receiver: OtlpReceiver;
  readonly gateway: TestGateway;
}

async function start(protocol: 'http' | 'grpc', telemetry: object): Promise<Setting> {
  const resolvers = {
    Query: { quick: () => 1, slow: () => sleep(400, 1), failing: () => Promise.reject(new Error('broken')) },
  };
  const sdl = federated('type Query { quick: Int slow: Int failing: Int }');
  const [subgraph, receiver] = await Promise.all([
    startSubgraph('numbers', sdl, resolvers),
    startOtlpReceiver(protocol),
  ]);
  started.push(subgraph, receiver);
  const gateway = await startGateway({
    subgraphs: [subgraph],
    config: CONFIG,
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol === 'grpc' ? 'grpc' : 'http/protobuf',
      TELEMETRY: JSON.stringify(telemetry),
    },
  });
  started.push(gateway);
  return { subgraph, receiver, gateway };
}

test('where none is sampled, those that fail and those that are slow are told of all the same', async () => {
  const { subgraph, receiver, gateway } = await start('http', { ratio: 0, slowerThan: 300 });
  await gateway.query('{ quick }');
  await gateway.query('{ slow }');
  await gateway.query('{ failing }');
  await gateway.query('{ nothing }');
  const sent: unknown[] = [];
  subgraph.break(({ headers }, response) => {
    // Probes are of no trace.
    if (headers['traceparent']) sent.push(headers['traceparent']);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"data":{"quick":1}}');
  });
  await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', traceparent: `00-${TRACE}-b7ad6b7169203331-00` },
    body: '{"query":"{ again: quick }"}',
  });
  // What a client has not sampled its subgraphs need not sample either; its trace goes on.
  expect(sent).toEqual([expect.stringMatching(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`))]);
  await gateway.stop();
  const roots = receiver.spans().filter(({ kind }) => kind === 'SERVER');
  expect(roots.map(({ status, attributes }) => [status.code, attributes['gatehouse.error.codes']])).toEqual([
    ['UNSET', undefined],
    ['ERROR', ['INTERNAL_SERVER_ERROR']],
  ]);
  expect(receiver.spans().some(({ traceId }) => traceId === TRACE)).toBe(false);
});

test('a collector that never answers is no concern of any client, and keeps no gateway from stopping', async () => {
  const { receiver, gateway } = await start('http', { ratio: 1 });
  receiver.behave('hang');
  await until('an export', async () => {
    expect(await gateway.query('{ quick }')).toMatchObject({ data: { quick: 1 } });
    return receiver.requests() > 0;
  });
  expect(await gateway.query('{ quick }')).toMatchObject({ data: { quick: 1 } });
  expect(await gateway.stop()).toBe(0);
  expect(gateway.log()).toContain('The last traces could not be sent');
});

test('what was not sent yet is sent when the gateway stops, by gRPC too', async () => {
  const { receiver, gateway } = await start('grpc', { ratio: 1 });
  await gateway.query('{ quick }');
  expect(await gateway.stop()).toBe(0);
  expect(receiver.spans().map(({ name }) => name)).toContain('subgraph numbers');
});
