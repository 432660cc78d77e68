import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { corsOf } from '../../plugins/cross-origin/cors.ts';
import type { Origins } from '../../plugins/cross-origin/index.ts';

const ORIGIN = 'https://app.example.com';

async function headersOf(origins: Origins, request: RequestInit): Promise<Record<string, string>> {
  const cors = corsOf({ origins, credentials: false, maxAge: 60, csrf: 'off' });
  const server = createServer((incoming, response) => {
    if (cors?.answerPreflight(incoming, response)) return;
    cors?.grant(incoming, response);
    response.end();
  });
  await once(server.listen(0), 'listening');
  const { port } = server.address() as AddressInfo;
  const { headers } = await fetch(`http://127.0.0.1:${port}`, request);
  server.close();
  return Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-') || name === 'vary'));
}

test('without origins, nothing is said of CORS', async () => {
  expect(await headersOf([], { headers: { origin: ORIGIN } })).toEqual({});
});

test('with "any", every page may read, and answers do not differ by who asks', async () => {
  for (const headers of [{}, { origin: ORIGIN }, { origin: 'null' }]) {
    expect(await headersOf('any', { headers })).toEqual({
      'access-control-allow-origin': '*',
      'access-control-expose-headers':
        'Age, Cache-Status, ETag, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id',
    });
  }
  const preflight = { origin: ORIGIN, 'access-control-request-method': 'POST' };
  expect(await headersOf('any', { method: 'OPTIONS', headers: preflight })).toMatchObject({
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'GET, POST',
  });
});

test('with "any", no origin is one that was listed', () => {
  expect(corsOf({ origins: 'any', credentials: false, maxAge: 60, csrf: 'prevent' })?.isListed(ORIGIN)).toBe(false);
});

test('a cache is told that a GET is answered by who asks, also when nobody does', async () => {
  expect(await headersOf([ORIGIN], {})).toEqual({ vary: 'Origin' });
});
