import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { chromium, type Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { freePort } from '../harness/redis.ts';
import { startSubgraph, type TestSubgraph } from '../harness/subgraph.ts';
import { until } from '../harness/until.ts';

const CONFIG = new URL('gateway.config.ts', import.meta.url).pathname;
const SDL = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@composeDirective"])
    @link(url: "https://gatehouse.dev/cache/v1.0", import: ["@cacheControl"])
    @composeDirective(name: "@cacheControl")
  directive @cacheControl(maxAge: Int) on FIELD_DEFINITION
  type Query { hello: String @cacheControl(maxAge: 600) broken: String }
  type Subscription { ticks: String }
`;
/** For what comes by the pipeline alone. */
const PIPELINE = { 'cache-control': 'no-cache' };
const APP = 'https://app.example.com';

let subgraph: TestSubgraph;
let gateway: TestGateway;
let adminPort: number;
/** Pages of an origin that is listed, and of one that is not. */
let app: Server;
let evil: Server;

beforeAll(async () => {
  [app, evil] = [pages(), pages()];
  await Promise.all([once(app.listen(0), 'listening'), once(evil.listen(0), 'listening')]);
  [subgraph, adminPort] = await Promise.all([
    startSubgraph('hello', SDL, {
      Query: {
        hello: () => 'hello',
        broken: () => {
          throw new Error('no');
        },
      },
    }),
    freePort(),
  ]);
  gateway = await startGateway({
    subgraphs: [subgraph],
    config: CONFIG,
    env: {
      ADMIN_PORT: String(adminPort),
      GATEHOUSE_MODE: 'development',
      CROSS_ORIGIN: JSON.stringify({ origins: [APP, originOf(app)], credentials: true, maxAge: 60 }),
    },
  });
}, 90_000);
afterAll(async () => {
  app?.close();
  evil?.close();
  await gateway?.[Symbol.asyncDispose]();
  await subgraph?.[Symbol.asyncDispose]();
});

function pages(): Server {
  return createServer((_, response) => response.setHeader('content-type', 'text/html').end('<p>A page</p>'));
}

/** Another host than the gateway's, so that it is another site. */
function originOf(server: Server): string {
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}

async function refused(): Promise<number> {
  const metrics = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
  return Number(/^gatehouse_cross_origin_refused_total\{?.*\}? (\d+)/m.exec(metrics)?.[1] ?? 0);
}

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface Answer {
  readonly status: number;
  /** By names in lower case; every one that was sent, in order. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
}

const HELLO = { method: 'POST', body: '{"query":"{ hello }"}', headers: { 'content-type': 'application/json' } };

async function ask({ url }: TestGateway, { method = 'GET', path = '/graphql', headers, body }: Asked): Promise<Answer> {
  const outgoing = httpRequest(url + path, { method, headers });
  if (body !== undefined) outgoing.setHeader('content-length', Buffer.byteLength(body));
  outgoing.end(body);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  const all: Record<string, string[]> = {};
  for (let i = 0; i < response.rawHeaders.length; i += 2) {
    (all[response.rawHeaders[i]?.toLowerCase() ?? ''] ??= []).push(response.rawHeaders[i + 1] ?? '');
  }
  return { status: response.statusCode ?? 0, headers: all, body: await text(response) };
}

function corsOf({ headers }: Answer): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control-')));
}

/** Names in `Vary`, each as often as it is there. */
function variesBy({ headers }: Answer): readonly string[] {
  return (headers['vary'] ?? []).flatMap((line) => line.split(',').map((name) => name.trim().toLowerCase()));
}

async function answeredByFrontDoor(): Promise<number> {
  const { server } = (await (await fetch(`http://127.0.0.1:${adminPort}/status`)).json()) as {
    server: { frontDoor: { answered: number } };
  };
  return server.frontDoor.answered;
}

async function throughFrontDoor(asked: Asked): Promise<Answer> {
  return until('the front door to answer', async () => {
    const before = await answeredByFrontDoor();
    const answer = await ask(gateway, asked);
    return (await answeredByFrontDoor()) > before && answer;
  });
}

const EXPOSED = ['Age, Cache-Status, ETag, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id'];
const GRANTED = {
  'access-control-allow-origin': [APP],
  'access-control-allow-credentials': ['true'],
  'access-control-expose-headers': EXPOSED,
};

function from(origin: string, { headers, ...asked }: Asked): Asked {
  return { ...asked, headers: { ...headers, origin } };
}

describe('a page of a listed origin may read every answer, and is told so once:', () => {
  const answers: readonly (readonly [string, number, (asked: Asked) => Promise<Answer>, Asked])[] = [
    ['of the pipeline', 200, (asked) => ask(gateway, asked), { ...HELLO, headers: { ...HELLO.headers, ...PIPELINE } }],
    ['of the front door', 200, throughFrontDoor, HELLO],
    ['304', 304, throughFrontDoor, { ...HELLO, headers: { ...HELLO.headers, 'if-none-match': '*' } }],
    [
      '304 of the pipeline',
      304,
      (asked) => ask(gateway, asked),
      { ...HELLO, headers: { ...HELLO.headers, 'if-none-match': '*', 'cache-control': 'max-stale' } },
    ],
    [
      'an error of the request',
      400,
      (asked) => ask(gateway, asked),
      { ...HELLO, body: '{"query":"{"}', headers: { ...HELLO.headers, accept: 'application/graphql-response+json' } },
    ],
    ['an error of a subgraph', 200, (asked) => ask(gateway, asked), { ...HELLO, body: '{"query":"{ broken }"}' }],
    ['nothing there', 404, (asked) => ask(gateway, asked), { path: '/nothing' }],
    ['another method', 405, (asked) => ask(gateway, asked), { method: 'PUT' }],
    ['health', 200, (asked) => ask(gateway, asked), { path: '/health' }],
    [
      'a credential that is wrong',
      401,
      (asked) => ask(gateway, asked),
      { ...HELLO, headers: { ...HELLO.headers, authorization: 'Bearer wrong' } },
    ],
  ];
  test.each(answers)('%s', async (_, status, send, asked) => {
    const answer = await send(from(APP, asked));
    expect(answer.status).toBe(status);
    expect(corsOf(answer)).toEqual(GRANTED);
    expect(variesBy(answer).filter((name) => name === 'origin')).toEqual(['origin']);
  });

  test('events of a subscription', async () => {
    subgraph.break((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end('event: next\ndata: {"data":{"ticks":"one"}}\n\nevent: complete\ndata:\n\n');
    });
    try {
      const headers = { ...HELLO.headers, accept: 'text/event-stream' };
      const answer = await ask(gateway, from(APP, { ...HELLO, headers, body: '{"query":"subscription { ticks }"}' }));
      expect(answer.headers['content-type']?.[0]).toContain('text/event-stream');
      expect(corsOf(answer)).toEqual(GRANTED);
    } finally {
      subgraph.break(undefined);
    }
  });

  test.each(answers)('and a page of another origin may not: %s', async (_, status, send, asked) => {
    for (const origin of ['https://evil.example.com', 'null', `${APP}.evil.example.com`]) {
      const answer = await send(from(origin, asked));
      expect(answer.status).toBe(status);
      expect(corsOf(answer)).toEqual({});
      expect(variesBy(answer)).toContain('origin');
    }
  });
});

test('what the front door answers one origin, it never says to another', async () => {
  expect(corsOf(await throughFrontDoor(from(APP, HELLO)))).toEqual(GRANTED);
  const nobody = await throughFrontDoor(HELLO);
  expect(corsOf(nobody)).toEqual({});
  expect(variesBy(nobody).filter((name) => name === 'origin')).toEqual(['origin']);
  expect(corsOf(await throughFrontDoor(from(originOf(app), HELLO)))['access-control-allow-origin']).toEqual([
    originOf(app),
  ]);
});

describe('a preflight', () => {
  const headers = {
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization, content-type,x-mine',
  };

  test('is answered at once', async () => {
    const answer = await ask(gateway, from(APP, { method: 'OPTIONS', headers }));
    expect(answer.status).toBe(204);
    expect(corsOf(answer)).toEqual({
      'access-control-allow-origin': [APP],
      'access-control-allow-credentials': ['true'],
      'access-control-allow-methods': ['GET, POST'],
      'access-control-allow-headers': ['authorization, content-type,x-mine'],
      'access-control-max-age': ['60'],
    });
    expect(variesBy(answer)).toEqual(['origin', 'access-control-request-headers']);
  });

  test('of an origin that is not listed is told nothing', async () => {
    expect(corsOf(await ask(gateway, from('https://evil.example.com', { method: 'OPTIONS', headers })))).toEqual({});
  });

  test.each([['x'.repeat(2_049)], ['a b'], ['a, ,b']])('has no headers granted that are none: %s', async (asked) => {
    const named = { ...headers, 'access-control-request-headers': asked };
    const answer = await ask(gateway, from(APP, { method: 'OPTIONS', headers: named }));
    expect(corsOf(answer)).not.toHaveProperty('access-control-allow-headers');
  });
});

describe('an operation that any page could make a browser send', () => {
  test('is refused with 403 before anything is executed, and counted', async () => {
    const calls = subgraph.calls.length;
    const asked = { path: '/graphql?query={hello}' };
    const answer = await ask(gateway, asked);
    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.body).errors[0].extensions).toEqual({ code: 'CSRF_PREVENTED' });
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      expect((await ask(gateway, { ...HELLO, headers: { 'content-type': type } })).status).toBe(403);
    }
    // Hive Gateway takes these for its own.
    for (const path of ['/graphql/?query={hello}', '/elsewhere?query={hello}&x=/graphql', '/a/graphql?query={hello}']) {
      expect((await ask(gateway, { path })).status).toBe(403);
    }
    expect(subgraph.calls.length).toBe(calls);
    expect(await refused()).toBeGreaterThanOrEqual(7);
  });

  test('is executed with a header that no page can send by itself', async () => {
    const headers = { 'graphql-require-preflight': '1' };
    expect((await ask(gateway, { path: '/graphql?query={hello}', headers })).status).toBe(200);
  });

  test('the page to explore the graph with is shown', async () => {
    const answer = await ask(gateway, { headers: { accept: 'text/html' } });
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']?.[0]).toContain('text/html');
  });
});

describe('in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
    });
  });
  afterAll(() => browser?.close());

  /** What a script of a page gets; `blocked` when the browser keeps it from reading. */
  async function onPage(server: Server, script: string): Promise<unknown> {
    const page = await browser.newPage();
    await page.goto(originOf(server));
    const result: unknown = await page.evaluate(
      `(async () => { try { return ${script} } catch { return 'blocked' } })()`,
    );
    await page.close();
    return result;
  }

  const post = (url: string): string =>
    `(await fetch('${url}/graphql', { method: 'POST', headers: { 'content-type': 'application/json' },` +
    ` credentials: 'include', body: '{"query":"{ hello }"}' }).then(async (response) =>` +
    ` [response.headers.get('cache-status') !== null, (await response.json()).data.hello]))`;

  test('a page of a listed origin reads answers and their headers; another does not', async () => {
    expect(await onPage(app, post(gateway.url))).toEqual([true, 'hello']);
    expect(await onPage(evil, post(gateway.url))).toBe('blocked');
  });

  test('a page of another origin makes it send no operation', async () => {
    const calls = subgraph.calls.length;
    const before = await refused();
    const url = `${gateway.url}/graphql`;
    const blind = `mode: 'no-cors', credentials: 'include'`;
    const json = `new Blob(['{"query":"{ broken }"}'], { type: 'application/json' })`;
    await onPage(evil, `navigator.sendBeacon('${url}', ${json})`);
    await onPage(evil, `await fetch('${url}?query={broken}', { ${blind} })`);
    await onPage(evil, `await fetch('${url}', { ${blind}, method: 'POST', body: '{"query":"{ broken }"}' })`);
    await onPage(evil, `navigator.sendBeacon('${url}', '{"query":"{ broken }"}')`);
    await until('what came to be refused', async () => (await refused()) === before + 3);
    expect(subgraph.calls.length).toBe(calls);
  });
});
