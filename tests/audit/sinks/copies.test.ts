import { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { otlpSink, redisStreamSink } from '../../../plugins/audit/index.ts';
import { connectRedis } from '../../../plugins/redis/index.ts';
import { startRedis } from '../../harness/redis.ts';
import { startOtlpReceiver } from '../../telemetry/otlp-receiver.ts';
import { encoded } from '../some-record.ts';

// Where records are beside the file: a stream of Redis, and OpenTelemetry logs.

const written = (requestId: string) => encoded({ requestId }).json;

test('a stream of Redis has the records as JSON, in order, and about as many as it may', async () => {
  const server = await startRedis();
  const store = connectRedis({ url: server.url });
  const client = new Redis(server.url);
  onTestFinished(async () => {
    client.disconnect();
    await store.close();
    await server.close();
  });
  const sink = redisStreamSink({ store, stream: 'audited', maxLength: 100 });
  await sink.open();
  await sink.write([encoded({ requestId: 'a' }), encoded({ requestId: 'b' })]);
  const entries = await client.xrange('audited', '-', '+');
  expect(entries.map(([, fields]) => fields)).toEqual([
    ['record', written('a')],
    ['record', written('b')],
  ]);
  for (let i = 0; i < 10; i++) await sink.write(Array.from({ length: 100 }, () => encoded()));
  expect(await client.xlen('audited')).toBeLessThan(300);
});

test('without Redis, they are in memory, as many', async () => {
  const store = connectRedis();
  onTestFinished(() => store.close());
  const sink = redisStreamSink({ store, stream: 'audited', maxLength: 2 });
  for (const requestId of ['a', 'b', 'c']) await sink.write([encoded({ requestId })]);
  expect(JSON.parse((await store.get('audited')) ?? '')).toEqual([written('b'), written('c')]);
});

describe.each(['http', 'grpc'] as const)('OpenTelemetry logs over %s', (protocol) => {
  test('have the records as their bodies; what the collector refuses is an error without its words', async () => {
    const receiver = await startOtlpReceiver(protocol);
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', receiver.url);
    vi.stubEnv('OTEL_EXPORTER_OTLP_PROTOCOL', protocol === 'grpc' ? 'grpc' : 'http/protobuf');
    vi.stubEnv('OTEL_EXPORTER_OTLP_TIMEOUT', '500');
    const sink = otlpSink();
    onTestFinished(async () => {
      vi.unstubAllEnvs();
      await sink.close();
      await receiver[Symbol.asyncDispose]();
    });
    await sink.open();
    await sink.write([encoded({ requestId: 'a' }), encoded({ requestId: 'b' })]);
    expect(receiver.logs().map(({ body }) => body)).toEqual([written('a'), written('b')]);
    receiver.behave('refuse');
    await expect(sink.write([encoded()])).rejects.toThrow(/^the collector did not take the records$/);
    receiver.behave('accept');
    await sink.write([encoded({ requestId: 'c' })]);
    expect(receiver.logs().at(-1)?.body).toBe(written('c'));
  });
});

test('another protocol is no protocol', () => {
  expect(() => otlpSink({ OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' })).toThrow(
    'useAudit: otlpSink: OTEL_EXPORTER_OTLP_PROTOCOL is "http/json"; it takes http/protobuf or grpc',
  );
});
