import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { buildClientSchema, buildSchema, graphql, printSchema } from 'graphql';
import { afterEach, describe, expect, it } from 'vitest';
import { fetchSchema, SchemaUnavailable } from '../../plugins/composition/fetch-schema.ts';
import { freePort } from '../harness/redis.ts';
import { startSubgraph } from '../harness/subgraph.ts';

const LIMITS = { timeout: 5_000, maxSchemaBytes: 10_000 };
const SDL = 'type Query { a: Int }';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** A server that answers every request by the listener; the URL to ask. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
}

function answering(body: string, status = 200): RequestListener {
  return (_request, response) => response.writeHead(status, { 'content-type': 'application/json' }).end(body);
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'gatehouse-schema-'));
  cleanups.push(() => rm(path, { recursive: true }));
  return path;
}

async function reasonWhy(url: string, limits = LIMITS): Promise<SchemaUnavailable> {
  const failed = await fetchSchema({ name: 'items', url }, limits).catch((error: unknown) => error);
  if (!(failed instanceof SchemaUnavailable)) throw new Error('it did not fail as it should', { cause: failed });
  return failed;
}

describe('the schema of a subgraph', () => {
  it('is the SDL that a running subgraph gives', async () => {
    await using subgraph = await startSubgraph('items', SDL);
    expect(await fetchSchema(subgraph, LIMITS)).toEqual({ kind: 'sdl', text: SDL });
  });

  it('is asked for with a POST, with the headers configured', async () => {
    const requests: { request: IncomingMessage; body: unknown }[] = [];
    const url = await serve((request, response) => {
      void json(request).then((body) => {
        requests.push({ request, body });
        response.end(JSON.stringify({ data: { _service: { sdl: SDL } } }));
      });
    });
    await fetchSchema({ name: 'items', url, headers: { authorization: 'Bearer t', 'x-tenant': '1' } }, LIMITS);
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({
      request: {
        method: 'POST',
        url: '/graphql',
        headers: { authorization: 'Bearer t', 'x-tenant': '1', 'content-type': 'application/json' },
      },
      body: { query: '{ _service { sdl } }' },
    });
  });

  it('is introspected from a plain service, with all that introspection tells', async () => {
    const schema = buildSchema(`type Query { a(n: Int = 1 @deprecated(reason: "no")): At @deprecated(reason: "old") }
      "Time" scalar At @specifiedBy(url: "https://at.test") input I { a: Int @deprecated(reason: "gone") }`);
    const url = await serve((request, response) => {
      void json(request)
        .then((body) => graphql({ schema, source: (body as { query: string }).query }))
        .then((result) => response.end(JSON.stringify(result)));
    });
    const plain = { name: 'items', url, schema: { from: 'introspection' as const } };
    const { kind, text } = await fetchSchema(plain, { ...LIMITS, maxSchemaBytes: 100_000 });
    expect(kind).toBe('introspection');
    expect(printSchema(buildClientSchema(JSON.parse(text)))).toBe(printSchema(schema));
  });

  it('is read from a file', async () => {
    const path = join(await folder(), 'items.graphql');
    await writeFile(path, SDL);
    const file = { name: 'items', url: 'http://items.test', schema: { from: 'file' as const, path } };
    expect(await fetchSchema(file, LIMITS)).toEqual({ kind: 'sdl', text: SDL });
    await expect(fetchSchema(file, { ...LIMITS, maxSchemaBytes: 5 })).rejects.toThrow(/21 bytes, more than 5/);
    await rm(path);
    await expect(fetchSchema(file, LIMITS)).rejects.toThrow(SchemaUnavailable);
  });
});

describe('a subgraph that gives no schema', () => {
  it.each<[string, RequestListener, string]>([
    ['HTML', answering('<html>down</html>'), 'the subgraph gave an answer that is not JSON'],
    ['half an answer', answering('{"data":'), 'the subgraph gave an answer that is not JSON'],
    ['nothing', answering(''), 'the subgraph gave an answer that is not JSON'],
    ['null', answering('null'), 'the subgraph gave an answer without data'],
    ['a status', answering('{"data":{}}', 503), 'the subgraph answered with status 503'],
    [
      'GraphQL errors',
      answering('{"errors":[{"message":"secret"}],"data":null}'),
      'the subgraph gave an answer without data',
    ],
    ['data without _service', answering('{"data":{}}'), 'the subgraph answered { _service { sdl } } with no SDL'],
    ['data that is no object', answering('{"data":7}'), 'the subgraph answered { _service { sdl } } with no SDL'],
    [
      '_service: null',
      answering('{"data":{"_service":null}}'),
      'the subgraph answered { _service { sdl } } with no SDL',
    ],
    [
      'an empty SDL',
      answering('{"data":{"_service":{"sdl":" "}}}'),
      'the subgraph answered { _service { sdl } } with no SDL',
    ],
    [
      'an SDL that is no text',
      answering('{"data":{"_service":{"sdl":1}}}'),
      'the subgraph answered { _service { sdl } } with no SDL',
    ],
    [
      'a broken connection',
      (request) => request.socket.destroy(),
      'the subgraph could not be reached (UND_ERR_SOCKET)',
    ],
  ])('is told by %s', async (_, listener, message) => {
    expect(await reasonWhy(await serve(listener))).toMatchObject({ subgraph: 'items', message });
  });

  it('is told when nothing listens, without the address', async () => {
    const { message } = await reasonWhy(`http://127.0.0.1:${await freePort()}/secret`);
    expect(message).toBe('the subgraph refused the connection');
  });

  it('is told when its host does not exist, without the address', async () => {
    const { message } = await reasonWhy('http://no-such-host.invalid/secret');
    expect(message).toMatch(/^the subgraph (has a host name that is not known|could not be reached \(EAI_AGAIN\))$/);
  });

  it('is told when it does not answer in time, and is asked no longer', async () => {
    const closed = Promise.withResolvers<void>();
    const url = await serve((request) => void request.socket.once('close', () => closed.resolve()));
    const { message } = await reasonWhy(url, { ...LIMITS, timeout: 200 });
    expect(message).toBe('the subgraph did not answer within 200 ms');
    await closed.promise;
  });

  it('is told when it begins to answer and does not end in time', async () => {
    const url = await serve((_request, response) => void response.writeHead(200).write('{"data":'));
    expect((await reasonWhy(url, { ...LIMITS, timeout: 200 })).message).toBe(
      'the subgraph did not answer within 200 ms',
    );
  });

  it('has a time limit of its own, if it is configured', async () => {
    const url = await serve(() => {});
    await expect(fetchSchema({ name: 'items', url, timeout: 150 }, LIMITS)).rejects.toThrow('within 150 ms');
  });

  it('is told when its answer is too large, which is not read to its end', async () => {
    const closed = Promise.withResolvers<void>();
    const url = await serve((request, response) => {
      request.socket.once('close', () => closed.resolve());
      response.writeHead(200);
      const more = (): void => {
        while (response.write('x'.repeat(5_000)));
        response.once('drain', more);
      };
      more();
    });
    expect((await reasonWhy(url)).message).toBe('the subgraph gave an answer larger than 10000 bytes');
    await closed.promise;
  });

  it('does not send the gateway elsewhere', async () => {
    let followed = false;
    const elsewhere = await serve((_request, response) => {
      followed = true;
      response.end(JSON.stringify({ data: { _service: { sdl: SDL } } }));
    });
    const url = await serve((_request, response) => response.writeHead(307, { location: elsewhere }).end());
    expect((await reasonWhy(url)).message).toMatch(/^the subgraph could not be reached/);
    expect(followed).toBe(false);
  });
});
