import { describe, expect, test } from 'vitest';
import { introspectionMethod, type IntrospectionOptions } from '../../../plugins/authentication/introspection/index.ts';
import type { AuthenticationMethod } from '../../../plugins/authentication/method.ts';
import { until } from '../../harness/until.ts';
import { recordingLogger } from '../../redis/recording-logger.ts';
import { hang, json, startAnswering, type Answer, type AnsweringServer } from '../jwt/answering-server.ts';
import { forged, principalFor, verdictOn } from '../jwt/bearer.ts';

const SECRET = 'the secret of the gateway';
const TOKEN = 'the-token-of-somebody';
const ACTIVE = { active: true, sub: 'alice' };

function asking(server: AnsweringServer, options: Partial<IntrospectionOptions> = {}): AuthenticationMethod {
  const client = { id: 'gateway', auth: 'basic', secret: SECRET } as const;
  return introspectionMethod({ endpoint: server.url, client, timeout: 500, ...options });
}

describe('an answer that cannot be relied on lets nobody in, is not remembered and tells nothing secret', () => {
  const html: Answer = (response) => response.end('<html>');
  const signedAnswer: Answer = (response) => {
    response.setHeader('content-type', 'application/token-introspection+jwt');
    const header = { alg: 'RS256', typ: 'token-introspection+jwt' };
    response.end(forged(header, { iss: 'http://x', aud: 'gateway', iat: 0, token_introspection: ACTIVE }));
  };
  const faults: [string, Answer, RegExp][] = [
    ['nothing in time', hang, /did not answer within 500 ms/],
    [
      'an answer that never ends',
      (response) => response.writeHead(200, { 'content-type': 'application/json' }).write('{'),
      /did not answer within 500 ms/,
    ],
    ['a connection that breaks', (response) => response.destroy(), /could not be reached/],
    ['status 500 with a good body', json(ACTIVE, 500), /status 500/],
    ['status 201', json(ACTIVE, 201), /status 201/],
    ['status 204', (response) => response.writeHead(204).end(), /status 204/],
    ['HTML', html, /not an introspection response/],
    ['a JWT that was not asked for', signedAnswer, /not an introspection response/],
    ['a list', json([ACTIVE]), /not an introspection response/],
    ['null', json(null), /not an introspection response/],
    ['no `active`', json({ sub: 'alice' }), /not an introspection response/],
    ['an `active` that is not a boolean', json({ ...ACTIVE, active: 'true' }), /not an introspection response/],
    ['more than 64 KiB', json({ ...ACTIVE, padding: 'x'.repeat(65_536) }), /larger than 65536 bytes/],
  ];

  test.each(faults)('%s', async (_name, fault, reason) => {
    await using server = await startAnswering(fault);
    const { log, lines } = recordingLogger();
    const method = asking(server, { log });
    const verdict = await verdictOn(method, TOKEN);
    expect(verdict).toEqual({ outcome: 'unavailable', retryAfter: 1, reason: expect.stringMatching(reason) });
    expect(JSON.stringify([verdict, lines()])).not.toMatch(new RegExp(`${TOKEN}|${SECRET}`));
    expect(lines()).toEqual([expect.stringContaining('warn: The introspection endpoint cannot be asked')]);
    server.answerWith(json(ACTIVE));
    await until('the token to be accepted', async () => (await verdictOn(method, TOKEN)).outcome === 'accepted');
    expect(lines().at(-1)).toContain('info: The introspection endpoint can be asked again');
  });
});

test('a redirect is not followed', async () => {
  await using elsewhere = await startAnswering(json(ACTIVE));
  await using server = await startAnswering(json(ACTIVE, 307, { location: elsewhere.url }));
  expect(await verdictOn(asking(server), TOKEN)).toMatchObject({ outcome: 'unavailable' });
  expect(elsewhere.requests()).toBe(0);
});

describe('when the endpoint asks for patience', () => {
  test.each([
    ['7', 7],
    ['0', 1],
    ['600', 60],
    ['soon', 1],
    [new Date(Date.now() + 3_600_000).toUTCString(), 60],
    [new Date(Date.now() - 3_600_000).toUTCString(), 1],
  ])('it has it, for at most 60 s: Retry-After: %s', async (text, retryAfter) => {
    await using server = await startAnswering(json({}, 503, { 'retry-after': text }));
    expect(await verdictOn(asking(server), TOKEN)).toMatchObject({ outcome: 'unavailable', retryAfter });
  });
});

describe('what an answer says beside `active` is checked', () => {
  const now = Date.now();
  const second = Math.floor(now / 1000);
  const options = { issuer: 'https://id.example', audience: 'api' };

  test.each([
    ['the end of the token', { exp: second - 6 }, 'expired'],
    ['its beginning', { nbf: second + 60 }, 'not yet valid'],
    ['times that are none', { exp: 'never' }, 'malformed times'],
    ['its issuer', { iss: 'https://evil.example' }, 'wrong issuer'],
    ['its audience', { aud: ['other'] }, 'wrong audience'],
    ['that it has one', { aud: undefined }, 'wrong audience'],
    ['who it is for', { sub: undefined }, 'no subject'],
  ])('%s', async (_name, claims, reason) => {
    await using server = await startAnswering(json({ ...ACTIVE, aud: 'api', ...claims }));
    expect(await verdictOn(asking(server, options), TOKEN, now)).toEqual({ outcome: 'refused', reason });
  });

  test('the audience only when the options name one', async () => {
    await using server = await startAnswering(json({ ...ACTIVE, aud: 'whatever' }));
    await principalFor(asking(server), TOKEN);
  });
});

test('a token that ends within the ttl is asked about again then', async () => {
  const now = Date.now();
  const exp = Math.ceil(now / 1000) + 20;
  await using server = await startAnswering(json({ ...ACTIVE, exp }));
  const method = asking(server);
  await principalFor(method, TOKEN, now);
  await principalFor(method, TOKEN, exp * 1000 - 1);
  expect(server.requests()).toBe(1);
  await verdictOn(method, TOKEN, exp * 1000);
  expect(server.requests()).toBe(2);
});

test('a user who is named by `username` alone is not taken for the client', async () => {
  await using server = await startAnswering(json({ active: true, username: 'alice', client_id: 'web' }));
  expect(await principalFor(asking(server), TOKEN)).toMatchObject({ id: 'alice', kind: 'user', clientId: 'web' });
});

test('of many different tokens at once 50 are asked about, and the rest are told to come back', async () => {
  await using server = await startAnswering(hang);
  const method = asking(server, { timeout: 60_000 });
  const verdicts = Array.from({ length: 60 }, (_, index) => verdictOn(method, `token-${index}`));
  expect(await Promise.all(verdicts.slice(50))).toEqual(
    Array.from({ length: 10 }, () => expect.objectContaining({ outcome: 'unavailable', retryAfter: 1 })),
  );
  await until('the requests', () => server.requests() === 50);
  await method.close?.();
  for (const verdict of await Promise.all(verdicts)) expect(verdict.outcome).toBe('unavailable');
  expect(server.requests()).toBe(50);
});

test('closing ends what is under way', async () => {
  await using server = await startAnswering(hang);
  const method = asking(server, { timeout: 60_000 });
  const verdict = verdictOn(method, TOKEN);
  await until('the request', () => server.requests());
  await method.close?.();
  expect(await verdict).toMatchObject({ outcome: 'unavailable' });
});
