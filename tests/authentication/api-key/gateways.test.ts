import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { apiKeysFromEnvironment } from '../../../plugins/authentication/api-key/index.ts';
import type { AuthenticationMethod } from '../../../plugins/authentication/method.ts';
import { connectRedis } from '../../../plugins/redis/index.ts';
import { runCommand } from '../../harness/command.ts';
import { startRedis, type RedisServer } from '../../harness/redis.ts';
import { until } from '../../harness/until.ts';
import { recordingLogger } from '../../redis/recording-logger.ts';
import { ask, HASH_SECRET, outcomeOf, secretOf, withOtherSecret } from './keys.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function redisServer(args: readonly string[] = []): Promise<RedisServer> {
  const server = await startRedis(args);
  cleanups.push(() => server.close());
  return server;
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'gatehouse-keys-'));
  cleanups.push(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** What a gateway with this environment makes of API keys, and what it has logged. */
function gateway(env: Record<string, string>): { method: AuthenticationMethod; lines: () => string[] } {
  const { log, lines } = recordingLogger();
  const redis = connectRedis({ url: env.REDIS_URL, log });
  cleanups.push(() => redis.close());
  const method = apiKeysFromEnvironment(env, redis, log);
  if (method === undefined) throw new Error('API_KEY_SECRET is not set');
  return { method, lines };
}

async function keys(env: Record<string, string>, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runCommand('keys', args, env);
  if (code !== 0) throw new Error(stderr);
  return stdout.trim();
}

const environments = [
  ['Redis', async () => ({ API_KEY_SECRET: HASH_SECRET, REDIS_URL: (await redisServer()).url })],
  ['a file', async () => ({ API_KEY_SECRET: HASH_SECRET, GATEHOUSE_DIR: await folder() })],
] as const;

describe.each(environments)('gateways that share API keys in %s', (_, environment) => {
  it('accept a key that the command made, and refuse it no later than a second after the command revoked it', async () => {
    const env = await environment();
    const [one, other] = [gateway(env).method, gateway(env).method];
    const key = await keys(env, 'create', '--name', 'nightly import', '--scope', 'orders:read');
    for (const method of [one, other]) {
      expect(await ask(method, key)).toMatchObject({
        outcome: 'accepted',
        principal: { method: 'api-key', scopes: ['orders:read'] },
      });
    }
    let revokedAt = Infinity;
    const revoked = keys(env, 'revoke', key.split('_')[1] ?? '').then(() => (revokedAt = performance.now()));
    cleanups.push(() => revoked.catch(() => {}));
    const untilRefused = (method: AuthenticationMethod) =>
      until('the key to be refused', async () => {
        const askedAt = performance.now();
        const outcome = await outcomeOf(method, key);
        if (outcome === 'accepted') expect(askedAt - revokedAt).toBeLessThan(1000);
        return outcome === 'refused';
      });
    await Promise.all([untilRefused(one), untilRefused(other)]);
    await revoked;
  });
});

describe('when Redis is killed', () => {
  it('a key in use goes on, others are unavailable and never accepted, and all is well when it is back', async () => {
    const server = await redisServer(['--appendonly', 'yes', '--appendfsync', 'always']);
    const env = { API_KEY_SECRET: HASH_SECRET, REDIS_URL: server.url };
    const used = await keys(env, 'create', '--name', 'in use');
    const unused = await keys(env, 'create', '--name', 'not in use');
    const { method, lines } = gateway(env);
    expect(await outcomeOf(method, used)).toBe('accepted');
    await server.kill();

    await until('the key to be accepted although Redis was asked in vain', async () => {
      expect(await outcomeOf(method, used)).toBe('accepted');
      return lines().some((line) => line.includes('The store of API keys cannot be asked'));
    });
    for (const other of [unused, withOtherSecret(used), `gh_nosuchkeyatall_${secretOf(used)}`]) {
      expect(await ask(method, other)).toMatchObject({ outcome: 'unavailable', retryAfter: 1 });
    }

    await server.restart();
    await until('the unused key to be accepted', async () => (await outcomeOf(method, unused)) === 'accepted');
    expect(await outcomeOf(method, used)).toBe('accepted');
    expect(await outcomeOf(method, withOtherSecret(used))).toBe('refused');
    for (const key of [used, unused]) expect(lines().join('\n')).not.toContain(secretOf(key).slice(0, -1));
  });
});

describe('when the file of keys is open to others', () => {
  it('no key that was not in use is accepted, and the log says why', async () => {
    const env = { API_KEY_SECRET: HASH_SECRET, GATEHOUSE_DIR: await folder() };
    const key = await keys(env, 'create', '--name', 'a key');
    await chmod(join(env.GATEHOUSE_DIR, 'keys.json'), 0o644);
    const { method, lines } = gateway(env);
    expect(await outcomeOf(method, key)).toBe('unavailable');
    expect(lines().join('\n')).toContain('run: chmod 600');
  });
});

describe('without API_KEY_SECRET', () => {
  it.each([{}, { API_KEY_SECRET: '' }])('there are no API keys: %j', (env) => {
    expect(apiKeysFromEnvironment(env, connectRedis())).toBeUndefined();
  });

  it('a short one stops the gateway, with a message that names it and does not repeat it', () => {
    const start = () => apiKeysFromEnvironment({ API_KEY_SECRET: 'hunter2' }, connectRedis());
    expect(start).toThrow(/API_KEY_SECRET.* at least 32 characters/);
    expect(start).not.toThrow('hunter2');
  });
});
