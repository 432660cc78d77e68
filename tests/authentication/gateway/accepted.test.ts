import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCommand } from '../../harness/command.ts';
import { startGateway, type TestGateway } from '../../harness/gateway.ts';
import { startIdentityProvider, type IdentityProvider } from '../../harness/identity-provider.ts';
import { startRedis, type RedisServer } from '../../harness/redis.ts';
import { HASH_SECRET } from '../api-key/keys.ts';
import { startCallerSubgraph, type CallerSubgraph } from './caller-subgraph.ts';
import { providerEnvironment } from './environment.ts';
import { bearer, WAYS, type HeaderFields } from './ways.ts';

let provider: IdentityProvider;
let redis: RedisServer;
let subgraph: CallerSubgraph;
let gateway: TestGateway;
let key: string;

beforeAll(async () => {
  [provider, redis, subgraph] = await Promise.all([startIdentityProvider(), startRedis(), startCallerSubgraph()]);
  const keyEnvironment = { API_KEY_SECRET: HASH_SECRET, REDIS_URL: redis.url };
  gateway = await startGateway({
    subgraphs: [subgraph],
    env: { ...subgraph.env, ...providerEnvironment(provider), ...keyEnvironment },
  });
  const args = [
    'create',
    '--name',
    'a key',
    '--owner',
    'importer',
    '--scope',
    'orders:read',
    '--scope',
    'orders:write',
  ];
  key = (await runCommand('keys', args, keyEnvironment)).stdout.trim();
});

afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await Promise.all([provider?.[Symbol.asyncDispose](), subgraph?.[Symbol.asyncDispose](), redis?.close()]);
});

const CREDENTIALS: readonly [what: string, credential: () => HeaderFields | Promise<HeaderFields>, caller: object][] = [
  [
    'a JWT of a user',
    async () => bearer(await provider.sign({ sub: 'ada', client_id: 'app', scope: 'read write' })),
    { sub: 'ada', kind: 'user', method: 'jwt', scope: 'read write' },
  ],
  [
    'a JWT that the provider gave a client',
    async () => bearer(await provider.jwt()),
    { sub: 'gateway', kind: 'client', method: 'jwt', scope: 'read' },
  ],
  [
    'an opaque token',
    async () => bearer(await provider.opaque()),
    { sub: 'gateway', kind: 'client', method: 'introspection', scope: 'read' },
  ],
  [
    'an API key in x-api-key',
    () => ({ 'x-api-key': key }),
    { sub: 'importer', kind: 'client', method: 'api-key', scope: 'orders:read orders:write' },
  ],
  [
    'an API key in Authorization',
    () => ({ authorization: `ApiKey ${key}` }),
    { sub: 'importer', kind: 'client', method: 'api-key', scope: 'orders:read orders:write' },
  ],
  ['no credential', () => ({}), { sub: 'anonymous', kind: 'anonymous', method: 'none', scope: '' }],
];

describe.each(CREDENTIALS)('with %s', (_, credential, caller) => {
  test.each(Object.entries(WAYS))('subgraphs learn who is calling over %s', async (__, ask) => {
    const given = await credential();
    expect(await ask(gateway, given)).toMatchObject({ status: 200, code: undefined, caller });
    // The second time it is remembered.
    expect(await ask(gateway, given)).toMatchObject({ status: 200, caller });
  });
});

test('the scheme is read in any case, and spaces around a key are nothing', async () => {
  const token = await provider.jwt();
  for (const credential of [
    { authorization: `bearer ${token}` },
    { Authorization: `BEARER  ${token}` },
    { authorization: `APIKEY ${key}` },
    { 'X-API-Key': ` ${key} ` },
  ]) {
    for (const ask of Object.values(WAYS)) expect((await ask(gateway, credential)).status).toBe(200);
  }
});
