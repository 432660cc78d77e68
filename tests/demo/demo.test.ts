import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startDemo, type Demo } from '../../commands/demo/index.ts';
import { apiKeysFromEnvironment } from '../../plugins/authentication/api-key/index.ts';
import { jwtFromEnvironment } from '../../plugins/authentication/jwt/environment.ts';
import type { AuthenticationMethod, Credential } from '../../plugins/authentication/method.ts';
import { connectRedis } from '../../plugins/redis/index.ts';
import type { Principal } from '../../plugins/request-context.ts';
import { moduleGraph } from '../deploy/module-graph.ts';
import { readText } from '../deploy/repository.ts';

const HOUR_MS = 60 * 60 * 1000;
const NOW = new Date();
const OWN_ISSUER = { JWT_ISSUER: 'https://id.example', JWT_AUDIENCE: 'graphql' };
const redis = connectRedis();

let directory: string;
const demos: Demo[] = [];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-'));
});
afterEach(async () => {
  await Promise.all(demos.splice(0).map((demo) => demo.close()));
  await rm(directory, { recursive: true });
});

async function start(env: NodeJS.ProcessEnv = {}): Promise<Demo> {
  const demo = await startDemo({ GATEHOUSE_DIR: directory, ...env }, NOW);
  demos.push(demo);
  return demo;
}

/** Whom a gateway with this method sees `after` ms after the start. */
async function principal(
  method: AuthenticationMethod | undefined,
  credential: Credential,
  after = 0,
): Promise<Principal | undefined> {
  const caller = { address: '127.0.0.1', origin: undefined };
  const verdict = await method?.authenticate(credential, caller, NOW.getTime() + after);
  return verdict?.outcome === 'accepted' ? verdict.principal : undefined;
}

describe('a gateway with the environment of the demo', () => {
  test('knows user 1 by the JWT, for eight hours', async () => {
    const { environment, credentials } = await start();
    const method = jwtFromEnvironment(environment.gateway);
    try {
      const credential = { scheme: 'bearer', token: credentials.jwt ?? '' } as const;
      expect(await principal(method, credential, 7.9 * HOUR_MS)).toMatchObject({
        id: '1',
        kind: 'user',
        scopes: ['accounts:read'],
        tier: 'gold',
      });
      expect(await principal(method, credential, 8.1 * HOUR_MS)).toBeUndefined();
    } finally {
      await method?.close?.();
    }
  });

  test('knows user 2 by the API key, for a day', async () => {
    const { environment, credentials } = await start();
    const method = apiKeysFromEnvironment(environment.gateway, redis);
    const credential = { scheme: 'api-key', key: credentials.apiKey } as const;
    expect(await principal(method, credential, 23 * HOUR_MS)).toMatchObject({
      id: '2',
      kind: 'user',
      scopes: [],
      tier: 'free',
    });
    expect(await principal(method, credential, 25 * HOUR_MS)).toBeUndefined();
  });

  test('signs who is calling with a key of which its subgraphs have the public half', async () => {
    const { gateway, subgraphs } = (await start()).environment;
    expect(subgraphs.GATEHOUSE_PUBLIC_KEY).toBe(publicHalf(gateway.PRINCIPAL_SIGNING_KEY ?? ''));
  });

  test('has secrets that no other run has', async () => {
    const [one, two] = [await start(), await start()].map(({ environment }) => environment.gateway);
    expect(one?.API_KEY_SECRET).not.toBe(two?.API_KEY_SECRET);
    expect(one?.PRINCIPAL_SIGNING_KEY).not.toBe(two?.PRINCIPAL_SIGNING_KEY);
    expect(one?.WEBHOOK_SECRET).not.toBe(two?.WEBHOOK_SECRET);
  });

  test('is told by its subgraphs of what has changed, with a secret that both have', async () => {
    const { gateway, subgraphs } = (await start({ HOST: '127.0.0.2', PORT: '4321' })).environment;
    expect(Buffer.from(subgraphs.WEBHOOK_SECRET ?? '', 'base64')).toHaveLength(32);
    expect(gateway.WEBHOOK_SECRET).toBe(subgraphs.WEBHOOK_SECRET);
    expect(subgraphs.CACHE_WEBHOOK_URL).toBe('http://127.0.0.2:4321/webhooks/cache');
  });
});

test('of the API key, only a hash is kept, for its owner alone', async () => {
  const { credentials } = await start();
  const file = join(directory, 'keys.json');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readFile(file, 'utf8')).not.toContain(credentials.apiKey.split('_').at(-1));
});

describe('what the operator has set is used', () => {
  test.each([OWN_ISSUER, { ...OWN_ISSUER, JWKS_URI: 'https://id.example/keys' }])(
    'an identity provider: %o',
    async (own) => {
      const { environment, credentials } = await start(own);
      expect(environment.gateway).toMatchObject(own);
      expect(environment.gateway.JWKS_URI).toBe('JWKS_URI' in own ? own.JWKS_URI : undefined);
      expect(credentials).toEqual({ jwt: undefined, apiKey: expect.stringMatching(/^gh_/) });
    },
  );

  test('the secret of the API keys', async () => {
    const API_KEY_SECRET = 'a secret of the operator, long enough';
    const { environment, credentials } = await start({ API_KEY_SECRET });
    expect(environment.gateway.API_KEY_SECRET).toBe(API_KEY_SECRET);
    const method = apiKeysFromEnvironment({ API_KEY_SECRET, GATEHOUSE_DIR: directory }, redis);
    expect(await principal(method, { scheme: 'api-key', key: credentials.apiKey })).toMatchObject({ id: '2' });
  });

  test('the secret of webhooks, and where the subgraphs send theirs', async () => {
    const own = { WEBHOOK_SECRET: 'd2ViaG9va3M=', CACHE_WEBHOOK_URL: 'https://gateway.example/webhooks/cache' };
    const { gateway, subgraphs } = (await start(own)).environment;
    expect(gateway).toMatchObject(own);
    expect(subgraphs).toMatchObject(own);
  });

  test.each(['pem', 'der'] as const)(
    'the key that signs who is calling, as %s, and kept from the subgraphs',
    async (format) => {
      const { privateKey } = generateKeyPairSync('ed25519');
      const der = privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
      const given = format === 'der' ? der : privateKey.export({ format, type: 'pkcs8' }).toString();
      const { gateway, subgraphs } = (await start({ PRINCIPAL_SIGNING_KEY: given })).environment;
      expect(gateway.PRINCIPAL_SIGNING_KEY).toBe(der);
      expect(subgraphs.GATEHOUSE_PUBLIC_KEY).toBe(publicHalf(der));
      expect(subgraphs.PRINCIPAL_SIGNING_KEY).toBeUndefined();
    },
  );

  test.each([
    ['PRINCIPAL_SIGNING_KEY', 'no key at all'],
    ['API_KEY_SECRET', 'too short'],
  ])('and a wrong %s is named, not repeated', async (name, wrong) => {
    const failure = await start({ [name]: wrong }).catch((error: Error) => error.message);
    expect(failure).toContain(name);
    expect(failure).not.toContain(wrong);
  });
});

test('npm run gateway has nothing of the demo', () => {
  const { scripts } = JSON.parse(readText('package.json')) as { scripts: Record<string, string> };
  expect(scripts['gateway']).toMatch(/gateway\/dist\/bin\.js supergraph$/);
  const { files } = moduleGraph(['gateway.config.ts']);
  expect([...files].filter((file) => file.startsWith('commands/'))).toEqual([]);
});

function publicHalf(signingKey: string): string {
  const key = createPrivateKey({ key: Buffer.from(signingKey, 'base64'), format: 'der', type: 'pkcs8' });
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64');
}
