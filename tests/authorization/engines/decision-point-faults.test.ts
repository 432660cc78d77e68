import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  authzenEngine,
  authzenFromEnvironment,
  opaEngine,
  opaFromEnvironment,
} from '../../../plugins/authorization/engines/index.ts';
import { hang, json, startAnswering, type Answer } from '../../authentication/jwt/answering-server.ts';
import { until } from '../../harness/until.ts';
import { ALICE, decide, outcomes, question } from './questions.ts';

const SECRET = 'the-secret-of-the-gateway';
const headers = { authorization: `Bearer ${SECRET}` };

const ENGINES = [
  {
    engine: 'authzenEngine',
    make: authzenEngine,
    fromEnvironment: (url: string) => authzenFromEnvironment({ AUTHZEN_URL: url }),
    variable: 'AUTHZEN_URL',
    allowed: { evaluations: [{ decision: true }] },
  },
  {
    engine: 'opaEngine',
    make: opaEngine,
    fromEnvironment: (url: string) => opaFromEnvironment({ OPA_URL: url }),
    variable: 'OPA_URL',
    allowed: { result: [0] },
  },
] as const;

describe.each(ENGINES)('$engine', ({ engine: factory, make, fromEnvironment, variable, allowed }) => {
  const yes = JSON.stringify(allowed);
  const faults: [string, Answer, RegExp][] = [
    ['a connection that breaks', (response) => response.destroy(), /could not be reached/],
    ['status 500 with a good body', json(allowed, 500), /answered with status 500/],
    ['status 201', json(allowed, 201), /answered with status 201/],
    ['status 401', json({}, 401), /answered with status 401/],
    ['no body', (response) => response.writeHead(204).end(), /answered with status 204/],
    ['HTML', (response) => response.end('<html>'), /not JSON/],
    ['half an answer', (response) => response.end(yes.slice(0, -1)), /not JSON/],
    [
      'an answer cut off',
      (response) => response.writeHead(200, { 'content-length': '99' }).write(yes, () => response.destroy()),
      /could not be reached/,
    ],
    [
      'an answer that nobody asked to be compressed',
      (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(yes)),
      /not JSON/,
    ],
    ['more than 1 MiB', json({ ...allowed, padding: 'x'.repeat(1_048_576) }), /larger than 1048576 bytes/],
  ];

  test.each(faults)('%s is no decision, and what is said of it tells nothing secret', async (_name, fault, reason) => {
    await using server = await startAnswering(fault);
    const engine = make({ url: server.url, headers });
    const decisions = await decide(engine, [question()]);
    expect(decisions).toEqual([{ outcome: 'failed', isOutage: true, reason: expect.stringMatching(reason) }]);
    expect(JSON.stringify(decisions)).not.toMatch(/127\.0\.0\.1|the-secret|alice/);
    server.answerWith(json(allowed));
    await until('a decision', async () => (await outcomes(engine, [question()]))[0] === 'allow');
    await engine.close?.();
  });

  test('an answer without an end is left at 1 MiB', async () => {
    let ended = false;
    await using server = await startAnswering((response) => {
      response.once('close', () => (ended = true));
      const more = (): void => {
        while (!ended && response.write('x'.repeat(65_536)));
        if (!ended) response.once('drain', more);
      };
      more();
    });
    const engine = make({ url: server.url });
    expect(await decide(engine, [question()])).toEqual([
      { outcome: 'failed', isOutage: true, reason: expect.stringContaining('larger than 1048576 bytes') },
    ]);
    await until('the end of the connection', () => ended);
    await engine.close?.();
  });

  test('a decision point that goes down is no decision', async () => {
    await using server = await startAnswering(json(allowed));
    const engine = make({ url: server.url });
    expect(await outcomes(engine, [question()])).toEqual(['allow']);
    await server[Symbol.asyncDispose]();
    await until('the failure', async () => (await outcomes(engine, [question()]))[0] === 'failed');
    expect(await decide(engine, [question()])).toEqual([
      { outcome: 'failed', isOutage: true, reason: expect.stringContaining('could not be reached (ECONNREFUSED)') },
    ]);
    await engine.close?.();
  });

  const endless: [string, Answer][] = [
    ['says nothing', hang],
    ['does not come to an end', (response) => response.writeHead(200).write('{')],
  ];

  test.each(endless)('a decision point that %s is left when the signal aborts', async (_name, fault) => {
    let ended = false;
    await using server = await startAnswering((response, request) => {
      response.once('close', () => (ended = true));
      fault(response, request);
    });
    const engine = make({ url: server.url });
    const controller = new AbortController();
    const decided = decide(engine, [question(), question({ policy: 'other' })], controller.signal);
    await until('the request', () => server.requests());
    controller.abort();
    const failure = { outcome: 'failed', isOutage: true, reason: expect.stringContaining('did not answer in time') };
    expect(await decided).toEqual([failure, failure]);
    await until('the end of the request', () => ended);
    await engine.close?.();
  });

  test('nothing is asked once the signal has aborted', async () => {
    await using server = await startAnswering(json(allowed));
    const engine = make({ url: server.url });
    expect(await decide(engine, [question()], AbortSignal.abort())).toMatchObject([{ outcome: 'failed' }]);
    expect(server.requests()).toBe(0);
    await engine.close?.();
  });

  test('a redirect is not followed', async () => {
    await using elsewhere = await startAnswering(json(allowed));
    await using server = await startAnswering(json(allowed, 307, { location: elsewhere.url }));
    const engine = make({ url: server.url });
    expect(await decide(engine, [question()])).toEqual([
      { outcome: 'failed', isOutage: true, reason: expect.stringContaining('answered with status 307') },
    ]);
    expect(elsewhere.requests()).toBe(0);
    await engine.close?.();
  });

  test('closing ends what is under way', async () => {
    await using server = await startAnswering(hang);
    const engine = make({ url: server.url });
    const decided = outcomes(engine, [question()]);
    await until('the request', () => server.requests());
    await engine.close?.();
    expect(await decided).toEqual(['failed']);
  });

  test('the environment names it, and is told when its URL is wrong', async () => {
    await using server = await startAnswering(json(allowed));
    const engine = fromEnvironment(server.url);
    expect(engine && (await outcomes(engine, [question()]))).toEqual(['allow']);
    await engine?.close?.();
    expect(fromEnvironment('')).toBeUndefined();
    expect(() => fromEnvironment('pdp')).toThrow(`${variable} is wrong: ${factory}: url takes an https:// URL`);
  });

  test.each([
    'http://pdp.example.com',
    'http://127.0.0.1.example.com',
    'ftp://127.0.0.1',
    'https://user:hunter2@pdp.example.com',
    'https://pdp.example.com?key=hunter2',
    'https://pdp.example.com#hunter2',
    'pdp',
    undefined,
  ])('the URL %s is refused, and not repeated', (url) => {
    const made = () => make({ url: url as string });
    expect(made).toThrow(`${factory}: url takes an https:// URL`);
    expect(made).not.toThrow(/hunter2/);
  });

  test.each(['https://pdp.example.com/base', 'http://localhost:8181', 'http://[::1]:8181'])(
    'the URL %s is taken',
    async (url) => {
      await make({ url }).close?.();
    },
  );

  test('a header that HTTP does not allow is refused, and not repeated', () => {
    const made = () => make({ url: 'http://127.0.0.1', headers: { authorization: `${SECRET}\n${ALICE.id}` } });
    expect(made).toThrow(`${factory}: headers takes names and values that HTTP allows`);
    expect(made).not.toThrow(new RegExp(SECRET));
  });
});
