import { afterEach, describe, expect, test } from 'vitest';
import { useServer, type ServerOptions } from '../../plugins/server/index.ts';
import { startCallerSubgraph, type CallerSubgraph } from '../authentication/gateway/caller-subgraph.ts';
import { startGateway } from '../harness/gateway.ts';

const CONFIG = new URL('../authentication/gateway/gateway.config.ts', import.meta.url).pathname;
const withCookie: ServerOptions['authentication'] = {
  authenticateConnection: () => ({ outcome: 'refused' }),
  usesCookie: true,
  addressOf: () => '',
  recognize: () => undefined,
};

test.each<[string, ServerOptions]>([
  ['connectionInitTimeout', { connectionInitTimeout: 0 }],
  ['connectionInitTimeout', { connectionInitTimeout: 2 ** 31 }],
  ['keepAlive', { keepAlive: -1 }],
  ['keepAlive', { keepAlive: 0.5 }],
  ['maxMessageBytes', { maxMessageBytes: 0 }],
  ['maxMessageBytes', { maxMessageBytes: Number.NaN }],
  ['headersTimeout', { headersTimeout: 0 }],
  ['headersTimeout', { headersTimeout: 2_000, requestTimeout: 1_000 }],
  ['requestTimeout', { requestTimeout: 2 ** 31 }],
  ['socketTimeout', { socketTimeout: -1 }],
  ['maxBodyBytes', { maxBodyBytes: 1.5 }],
  ['origins', { origins: ['*'] }],
  ['origins', { origins: ['app.example'] }],
  ['origins', { origins: ['https://app.example/'] }],
  ['origins', { origins: ['https://app.example', 'null'] }],
  ['origins', { authentication: withCookie }],
])('a wrong option is named: %s of %o', (name, options) => {
  expect(() => useServer(options)).toThrow(new RegExp(`^useServer: ${name} .*takes`, 's'));
});

test.each<ServerOptions>([
  {},
  { origins: [] },
  { authentication: withCookie, origins: ['https://app.example', 'http://localhost:3000'] },
  { keepAlive: 0, connectionInitTimeout: 1, maxMessageBytes: 1 },
])('what is right is taken: %o', (options) => {
  expect(() => useServer(options)).not.toThrow();
});

describe('a gateway', () => {
  let subgraph: CallerSubgraph | undefined;
  afterEach(() => subgraph?.[Symbol.asyncDispose]());

  test('that takes a cookie from any page does not start, and says why', async () => {
    subgraph = await startCallerSubgraph();
    const env = { ...subgraph.env, AUTHENTICATION: JSON.stringify({ cookie: 'session' }) };
    const start = async () => {
      await using gateway = await startGateway({ subgraphs: subgraph ? [subgraph] : [], config: CONFIG, env });
      return gateway.pid;
    };
    await expect(start()).rejects.toThrow('useServer: origins is not set; with a cookie');
  });
});
