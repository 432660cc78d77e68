import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../../harness/gateway.ts';
import { startIdentityProvider, type IdentityProvider } from '../../harness/identity-provider.ts';
import { until } from '../../harness/until.ts';
import { startCallerSubgraph, type CallerSubgraph } from '../../authentication/gateway/caller-subgraph.ts';
import { providerEnvironment } from '../../authentication/gateway/environment.ts';
import { signedByStranger } from '../../authentication/gateway/forgeries.ts';
import { startLoad } from '../../authentication/gateway/load.ts';
import { askOverHttp, bearer } from '../../authentication/gateway/ways.ts';

const REQUESTS_PER_SECOND = 80;
const ROTATIONS = 2;
/** For how long the provider is down: a minute with OUTAGE_SECONDS=60. */
const OUTAGE_SECONDS = Number(process.env['OUTAGE_SECONDS'] ?? 4);
/** ms for which the gateway remembers an opaque token. */
const REMEMBERED = 60_000;

let provider: IdentityProvider;
let subgraph: CallerSubgraph;
let gateway: TestGateway;

beforeAll(async () => {
  [provider, subgraph] = await Promise.all([startIdentityProvider(), startCallerSubgraph()]);
  gateway = await startGateway({
    subgraphs: [subgraph],
    env: { ...subgraph.env, ...providerEnvironment(provider) },
  });
});

afterAll(async () => {
  await Promise.all([gateway, provider, subgraph].map((server) => server?.[Symbol.asyncDispose]()));
});

const newToken = (count: number): Promise<string> => provider.sign({ sub: `user ${count}` });

test(`under ${REQUESTS_PER_SECOND} requests a second, no token is refused while its issuer changes keys`, async () => {
  const tokens = [await newToken(0)];
  const load = startLoad(REQUESTS_PER_SECOND, async (count) => {
    // By turns: one that is remembered, of any key, and one that was never seen, of the key of now.
    const token = count % 2 === 0 ? tokens[count % tokens.length] : await newToken(count);
    const { status } = await askOverHttp(gateway, bearer(token ?? ''));
    return status;
  });
  for (let rotation = 1; rotation <= ROTATIONS; rotation++) {
    const answered = load.results.length;
    await provider.rotateKey();
    tokens.push(await newToken(rotation));
    await until('a second of requests', () => load.results.length > answered + REQUESTS_PER_SECOND);
  }
  await load.stop();
  expect(new Set(load.results)).toEqual(new Set([200]));
  expect(load.results.length).toBeGreaterThan(ROTATIONS * REQUESTS_PER_SECOND);
});

test(
  `while its provider is down for ${OUTAGE_SECONDS} s, no caller that it knows is refused, and none is let in that it does not`,
  { timeout: (OUTAGE_SECONDS + 30) * 1_000 },
  async () => {
    const [jwt, opaque, unseen, strangers] = await Promise.all([
      newToken(0),
      provider.opaque(),
      provider.opaque(),
      signedByStranger(provider, { kid: 'nobody' }),
    ]);
    for (const token of [jwt, opaque]) expect((await askOverHttp(gateway, bearer(token))).status).toBe(200);
    const rememberedUntil = Date.now() + REMEMBERED;
    const known = new Set<number>();
    const unknown = new Set<number>();
    await provider.stop();
    const load = startLoad(REQUESTS_PER_SECOND, async (count) => {
      // Nobody needs to be asked about the signature of a new token.
      const remembered = [jwt, await newToken(count), ...(Date.now() < rememberedUntil - 1_000 ? [opaque] : [])];
      const isKnown = count % 4 !== 0;
      const token = isKnown ? remembered[count % remembered.length] : [unseen, strangers][(count / 4) % 2];
      const { status } = await askOverHttp(gateway, bearer(token ?? ''));
      (isKnown ? known : unknown).add(status);
      return status;
    });
    await sleep(OUTAGE_SECONDS * 1_000);
    await load.stop();
    await provider.start();

    expect([[...known], [...unknown]]).toEqual([[200], [503]]);
    expect(load.results.length).toBeGreaterThan(OUTAGE_SECONDS * REQUESTS_PER_SECOND * 0.8);
    for (const [token, status] of [
      [unseen, 200],
      [strangers, 401],
    ] as const) {
      await until(`${status}`, async () => (await askOverHttp(gateway, bearer(token))).status === status);
    }
  },
);
