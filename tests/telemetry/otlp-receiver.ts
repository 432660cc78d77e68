import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { Server, ServerCredentials, type ServiceDefinition } from '@grpc/grpc-js';
import {
  decodeLogs,
  decodeMetrics,
  decodeSpans,
  SERVICES,
  type DecodedLog,
  type DecodedMetric,
  type DecodedSpan,
  type Signal,
} from './otlp-messages.ts';

// In place of an OpenTelemetry collector: takes what real exporters send.

export type { Attributes, DecodedLog, DecodedMetric, DecodedPoint, DecodedSpan } from './otlp-messages.ts';

type Behaviour = 'accept' | 'refuse' | 'hang';

export interface OtlpReceiver extends AsyncDisposable {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`, with the protocol it was started for. */
  readonly url: string;
  /** All that came so far, in that order. */
  spans(): readonly DecodedSpan[];
  /** As above: what is cumulative comes with each export again, the last has the newest numbers. */
  metrics(): readonly DecodedMetric[];
  logs(): readonly DecodedLog[];
  /** Requests that came, refused ones too. */
  requests(): number;
  /** From now on accepts requests, refuses them with 503, or answers none. */
  behave(how: Behaviour): void;
}

/** `http` takes http/protobuf, plain or gzip. Listens on a free port of 127.0.0.1. */
export async function startOtlpReceiver(protocol: 'http' | 'grpc' = 'http'): Promise<OtlpReceiver> {
  const spans: DecodedSpan[] = [];
  const metrics: DecodedMetric[] = [];
  const logs: DecodedLog[] = [];
  let requests = 0;
  let behaviour: Behaviour = 'accept';

  function take(signal: Signal, bytes: Uint8Array): void {
    if (signal === 'traces') spans.push(...decodeSpans(bytes));
    if (signal === 'metrics') metrics.push(...decodeMetrics(bytes));
    if (signal === 'logs') logs.push(...decodeLogs(bytes));
  }

  function received(): Behaviour {
    requests++;
    return behaviour;
  }

  const { port, close } = await (protocol === 'http' ? listenHttp : listenGrpc)(take, received);
  return {
    url: `http://127.0.0.1:${port}`,
    spans: () => spans,
    metrics: () => metrics,
    logs: () => logs,
    requests: () => requests,
    behave(how) {
      behaviour = how;
    },
    [Symbol.asyncDispose]: close,
  };
}

type Take = (signal: Signal, bytes: Uint8Array) => void;
type Received = () => Behaviour;

interface Listening {
  readonly port: number;
  readonly close: () => Promise<void>;
}

async function listenHttp(take: Take, received: Received): Promise<Listening> {
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const how = received();
    if (how === 'hang') return;
    const signal = /^\/v1\/(traces|metrics|logs)$/.exec(request.url ?? '')?.[1] as Signal | undefined;
    if (how === 'refuse' || !signal || request.headers['content-type'] !== 'application/x-protobuf') {
      response.writeHead(how === 'refuse' ? 503 : 404).end();
      return;
    }
    take(signal, request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body);
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  }

  const server = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function listenGrpc(take: Take, received: Received): Promise<Listening> {
  const server = new Server();
  for (const signal of Object.keys(SERVICES) as Signal[]) {
    server.addService(grpcService(signal), {
      export({ request }: { request: Buffer }, answer: (error: object | null, reply?: object) => void) {
        const how = received();
        if (how === 'hang') return;
        if (how === 'refuse') return answer({ code: 14, details: 'UNAVAILABLE' });
        take(signal, request);
        answer(null, {});
      },
    });
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return { port, close: async () => server.forceShutdown() };
}

function grpcService(signal: Signal): ServiceDefinition {
  const [folder, name] = SERVICES[signal];
  return {
    export: {
      path: `/opentelemetry.proto.collector.${folder}.v1.${name}Service/Export`,
      requestStream: false,
      responseStream: false,
      requestSerialize: (request: Buffer) => request,
      requestDeserialize: (bytes: Buffer) => bytes,
      // An empty message is an empty reply: all was taken.
      responseSerialize: () => Buffer.alloc(0),
      responseDeserialize: (bytes: Buffer) => bytes,
    },
  };
}
