import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  introspectionFromEnvironment,
  introspectionMethod,
  type IntrospectionOptions,
} from '../../../plugins/authentication/introspection/index.ts';
import { startIdentityProvider } from '../../harness/identity-provider.ts';
import { principalFor } from '../jwt/bearer.ts';

const SECRET = 'the secret of the gateway';
const GOOD = { endpoint: 'https://id.example/introspect', client: { id: 'gateway', auth: 'basic', secret: SECRET } };
const { publicKey, privateKey } = generateKeyPairSync('ed25519');

describe('a wrong option stops the start, with its name and what it takes', () => {
  const keyed = { id: 'gateway', auth: 'private_key_jwt', privateKey: privateKey.export({ format: 'jwk' }) };

  test.each<[string, object, RegExp]>([
    ['no endpoint', { endpoint: undefined }, /endpoint takes an https:/],
    ['an endpoint in the clear', { endpoint: 'http://id.example' }, /endpoint takes an https:.* loopback/],
    ['a password in the endpoint', { endpoint: `https://a:${SECRET}@id.example` }, /endpoint takes .* without/],
    ['no client', { client: undefined }, /client\.auth takes 'basic', 'post' or 'private_key_jwt'/],
    ['no client id', { client: { auth: 'basic', secret: SECRET } }, /client\.id is undefined; it takes a text/],
    ['no secret', { client: { id: 'gateway', auth: 'post', secret: '' } }, /client\.secret takes/],
    ['another proof', { client: { ...GOOD.client, auth: 'none' } }, /client\.auth takes/],
    ['a secret for a key', { client: { ...keyed, privateKey: SECRET }, issuer: 'x' }, /client\.privateKey takes/],
    [
      'a public key',
      { client: { ...keyed, privateKey: publicKey.export({ format: 'jwk' }) }, issuer: 'x' },
      /client\.privateKey takes a private RSA, EC or Ed25519 key/,
    ],
    ['a key without the issuer that it is shown to', { client: keyed }, /issuer is undefined; it takes/],
    ['an empty audience', { audience: [] }, /audience is \[\]/],
    ['an audience that is none', { audience: [7] }, /audience is 7/],
    ['a ttl below 0', { ttl: -1 }, /ttl is -1; it takes a whole number from 0 to 86400000 \(ms\)/],
    ['half a negative ttl', { negativeTtl: 0.5 }, /negativeTtl is 0.5/],
    ['no time', { timeout: 0 }, /timeout is 0; it takes a whole number from 1 to 60000 \(ms\)/],
  ])('%s', (_name, options, message) => {
    const start = () => introspectionMethod({ ...GOOD, ...options } as IntrospectionOptions);
    expect(start).toThrow(message);
    expect(start).toThrow(expect.objectContaining({ message: expect.not.stringContaining(SECRET) as string }));
  });
});

describe('from the environment', () => {
  test('there is no method without an endpoint', () => {
    expect(introspectionFromEnvironment({ INTROSPECTION_CLIENT_ID: 'a' })).toBeUndefined();
  });

  test('a missing or wrong variable is named', () => {
    const env = { INTROSPECTION_ENDPOINT: GOOD.endpoint, INTROSPECTION_CLIENT_ID: 'gateway' };
    expect(() => introspectionFromEnvironment(env)).toThrow('INTROSPECTION_CLIENT_SECRET');
    expect(() => introspectionFromEnvironment({ ...env, INTROSPECTION_CLIENT_ID: '' })).toThrow(
      'INTROSPECTION_CLIENT_ID',
    );
    const wrong = { ...env, INTROSPECTION_ENDPOINT: 'id.example', INTROSPECTION_CLIENT_SECRET: SECRET };
    expect(() => introspectionFromEnvironment(wrong)).toThrow(/^INTROSPECTION_ENDPOINT/);
  });

  test('the provider is asked as the client that it names', async () => {
    await using idp = await startIdentityProvider();
    const method = introspectionFromEnvironment({
      INTROSPECTION_ENDPOINT: idp.introspectionEndpoint,
      INTROSPECTION_CLIENT_ID: idp.client.id,
      INTROSPECTION_CLIENT_SECRET: idp.client.secret,
    });
    if (!method) throw new Error('there is no method');
    expect(await principalFor(method, await idp.opaque())).toMatchObject({ id: 'gateway' });
  });
});
