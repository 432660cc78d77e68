import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HASH_SECRET } from '../authentication/api-key/keys.ts';
import { startCallerSubgraph, type CallerSubgraph } from '../authentication/gateway/caller-subgraph.ts';
import { providerEnvironment } from '../authentication/gateway/environment.ts';
import { sendRaw } from '../authentication/gateway/raw-http.ts';
import { askOverHttp, bearer, openSocket } from '../authentication/gateway/ways.ts';
import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { startIdentityProvider, type IdentityProvider } from '../harness/identity-provider.ts';
import { until } from '../harness/until.ts';
import { anyCredentialLines, anyPayload, recognizable, textsIn } from './any-value.ts';

const CONFIG = new URL('../authentication/gateway/gateway.config.ts', import.meta.url).pathname;
/** More by command: SECURITY_RUNS=20000 */
const RUNS = Number(process.env['SECURITY_RUNS'] ?? 1_000);
/** ms that an answer may take; a token of an unknown key waits for the pause between two requests for keys. */
const DEADLINE = 10_000;
/** By Node's HTTP server itself: 400 for what is no HTTP, 431 for too much of it. */
const BY_THE_SERVER = [400, 431];
/** About some texts a provider will not be asked: it answers 400, and nobody can tell. */
const UNAVAILABLE = { http: 503, webSocket: 4500 };

let provider: IdentityProvider;
let subgraph: CallerSubgraph;
let gateway: TestGateway;
let good: string;
const tried: string[] = [];
let addresses = 0;

/** The same one for a while, so that some are limited and most are not. */
const nextAddress = (): string => {
  const number = Math.floor(addresses++ / 100);
  return `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
};

beforeAll(async () => {
  [provider, subgraph] = await Promise.all([startIdentityProvider(), startCallerSubgraph()]);
  gateway = await startGateway({
    subgraphs: [subgraph],
    config: CONFIG,
    env: {
      ...subgraph.env,
      ...providerEnvironment(provider),
      API_KEY_SECRET: HASH_SECRET,
      AUTHENTICATION: JSON.stringify({ trustedProxies: ['127.0.0.1'] }),
    },
  });
  good = await provider.sign({ sub: 'ada' });
});

afterAll(async () => {
  await Promise.all([gateway, provider, subgraph].map((server) => server?.[Symbol.asyncDispose]()));
});

test(
  'whatever stands in the headers of a credential, it is accepted for what it is or refused, in time, and never taken for none',
  { timeout: 30_000 + RUNS * 50 },
  async () => {
    const seen = new Set<number>();
    await fc.assert(
      fc.asyncProperty(
        anyCredentialLines(() => good),
        async (lines) => {
          const from = `x-forwarded-for: ${nextAddress()}`;
          const { status, head, body } = await sendRaw(gateway, [from, ...lines], '{ caller }', DEADLINE);
          seen.add(status);
          expect([200, 401, 429, UNAVAILABLE.http, ...BY_THE_SERVER]).toContain(status);
          if (status === 200) expect(body).toContain('ada');
          if (status === UNAVAILABLE.http) expect(body).toContain('AUTHENTICATION_UNAVAILABLE');
          if (status === 401) expect(head.toLowerCase()).toContain('www-authenticate');
          const values = lines.map((line) => line.subarray(line.indexOf(':') + 1).toString('latin1'));
          const parts = values.flatMap(recognizable);
          for (const part of parts) expect(head + body).not.toContain(part);
          tried.push(...parts);
        },
      ),
      { numRuns: RUNS, examples: [[[Buffer.from(`authorization: Bearer ${good}`)]]] },
    );
    expect([...seen]).toEqual(expect.arrayContaining([200, 400, 401, 429]));
  },
);

test(
  'whatever stands in connection_init, the socket is open for a principal or closed with a reason, in time',
  { timeout: 30_000 + RUNS * 50 },
  async () => {
    const seen = new Set<unknown>();
    await fc.assert(
      fc.asyncProperty(
        anyPayload(() => good),
        async (payload) => {
          const socket = await openSocket(
            gateway,
            { 'x-forwarded-for': nextAddress() },
            { handshakeTimeout: DEADLINE },
          );
          const timer = setTimeout(socket.end, DEADLINE);
          try {
            socket.send({ type: 'connection_init', payload });
            const outcome = (await socket.next())?.type ?? (await socket.closed);
            seen.add(outcome);
            expect(['connection_ack', 4400, 4401, 4429, UNAVAILABLE.webSocket]).toContain(outcome);
            tried.push(...textsIn(payload).flatMap(recognizable));
          } finally {
            clearTimeout(timer);
            socket.end();
          }
        },
      ),
      { numRuns: RUNS },
    );
    expect([...seen]).toEqual(expect.arrayContaining(['connection_ack', 4400, 4401, 4429]));
  },
);

test('nothing of what was tried stands in the log, and the gateway serves on', async () => {
  expect(await askOverHttp(gateway, bearer(good), '10.255.0.1')).toMatchObject({ status: 200, caller: { sub: 'ada' } });
  // What comes last in the log tells that all of it is there.
  await askOverHttp(gateway, bearer('wrong'), '10.255.0.2');
  await until('the last refusal in the log', () => gateway.log().includes('10.255.0.2'));
  const log = gateway.log();
  expect(tried.length).toBeGreaterThan(RUNS / 4);
  expect(tried.filter((part) => log.includes(part))).toEqual([]);
  expect(log).not.toMatch(/Internal error|Unhandled|TypeError|node:internal/);
});
