import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCommand } from '../../../plugins/authentication/api-key/command-arguments.ts';
import { apiKeysFromEnvironment, keyStoreFromEnvironment } from '../../../plugins/authentication/api-key/index.ts';
import { keyHasher } from '../../../plugins/authentication/api-key/key-hash.ts';
import { parseKey } from '../../../plugins/authentication/api-key/key-text.ts';
import { newRecord } from '../../../plugins/authentication/api-key/new-record.ts';
import { connectRedis } from '../../../plugins/redis/index.ts';
import { runCommand } from '../../harness/command.ts';
import { freePort, startRedis, type RedisServer } from '../../harness/redis.ts';
import { ask, CALLER, HASH_SECRET, secretOf } from './keys.ts';

let folder: string;
let server: RedisServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-keys-'));
  server = await startRedis();
});
afterAll(async () => {
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

const places: [string, () => Record<string, string>][] = [
  ['a file', () => ({ API_KEY_SECRET: HASH_SECRET, GATEHOUSE_DIR: folder })],
  ['Redis', () => ({ API_KEY_SECRET: HASH_SECRET, REDIS_URL: server.url })],
];

describe.each(places)('npm run keys, with keys in %s,', (_, environment) => {
  const run = (...args: string[]) => runCommand('keys', args, environment());

  it('prints a new key alone on a line, this once', async () => {
    const { code, stdout, stderr } = await run('create', '--name', 'nightly import');
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^gh_[a-z0-9]{16}_[\w-]{43}\n$/) });
    expect(stderr).toContain('nightly import');
    const secret = secretOf(stdout.trim());
    expect(stderr).not.toContain(secret);
    const text = await run('list');
    const json = await run('list', '--format', 'json');
    expect(text.stdout).toContain('nightly import');
    for (const output of [text.stdout, text.stderr, json.stdout, json.stderr]) expect(output).not.toContain(secret);
  });

  it('gives the key what it is asked to, as JSON if wanted', async () => {
    const who = ['--name', 'shop', '--owner', 'user-1', '--client', 'shop-app', '--kind', 'user'];
    const what = [
      '--scope',
      'orders:read',
      '--scope',
      'orders:write',
      '--role',
      'buyer',
      '--tier',
      'gold',
      '--limit',
      'requests=200/0.5',
    ];
    const where = ['--origin', 'HTTPS://Shop.example.com:443/', '--origin', 'http://localhost:3000'];
    const from = ['--address', '192.0.2.0/24'];
    const { code, stdout } = await run(
      'create',
      ...who,
      ...what,
      ...where,
      ...from,
      '--expires',
      '30d',
      '--format=json',
    );
    expect(code).toBe(0);
    const { key, ...shown } = JSON.parse(stdout);
    expect(shown).toEqual({
      id: parseKey(key)?.id,
      status: 'active',
      name: 'shop',
      owner: 'user-1',
      clientId: 'shop-app',
      kind: 'user',
      scopes: ['orders:read', 'orders:write'],
      roles: ['buyer'],
      tier: 'gold',
      limits: { requests: { capacity: 200, refillPerSecond: 0.5 } },
      createdAt: expect.any(String),
      expiresAt: new Date(Date.parse(shown.createdAt) + 30 * 86_400_000).toISOString(),
      allowedOrigins: ['https://shop.example.com', 'http://localhost:3000'],
      allowedAddresses: ['192.0.2.0/24'],
    });
    expect(JSON.parse((await run('list', '--format', 'json')).stdout)).toContainEqual(shown);

    const redis = connectRedis({ url: environment().REDIS_URL, commandTimeoutMs: 2000 });
    const method = apiKeysFromEnvironment(environment(), redis);
    const caller = { ...CALLER, origin: 'https://shop.example.com' };
    const verdict = method && (await ask(method, key, caller));
    await redis.close();
    expect(verdict).toMatchObject({
      outcome: 'accepted',
      principal: {
        id: 'user-1',
        clientId: 'shop-app',
        tier: 'gold',
        limits: { requests: { capacity: 200, refillPerSecond: 0.5 } },
      },
    });
  });

  it('goes on listing a revoked key as revoked, and never its hash', async () => {
    const key = (await run('create', '--name', 'to be revoked')).stdout.trim();
    const id = parseKey(key)?.id ?? '';
    expect(await run('revoke', id)).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining(id) });
    expect(await run('revoke', id)).toMatchObject({ code: 0 });
    expect((await run('list')).stdout).toMatch(new RegExp(`^${id}  revoked .*to be revoked$`, 'm'));
    const listed = (await run('list', '--format', 'json')).stdout;
    expect(JSON.parse(listed)).toContainEqual(expect.objectContaining({ id, status: 'revoked' }));
    const redis = connectRedis({ url: environment().REDIS_URL, commandTimeoutMs: 2000 });
    const record = await keyStoreFromEnvironment(environment(), redis).read(id);
    await redis.close();
    expect(record?.hash).toBeTypeOf('string');
    expect(listed).not.toContain(record?.hash);
  });

  it('exits with 1 when there is no such key, and does not repeat what may be a whole key', async () => {
    const key = `gh_nosuchkeyatall_${'A'.repeat(43)}`;
    const { code, stdout, stderr } = await run('revoke', key);
    expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '', stderr: expect.stringContaining('no API key') });
    expect(stderr).not.toContain(key);
  });
});

describe('npm run keys', () => {
  const run = (...args: string[]) => runCommand('keys', args, { API_KEY_SECRET: HASH_SECRET, GATEHOUSE_DIR: folder });

  it('makes no key without API_KEY_SECRET, and says how to make one', async () => {
    const { code, stdout, stderr } = await runCommand('keys', ['create', '--name', 'x'], { GATEHOUSE_DIR: folder });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/API_KEY_SECRET is not set[\s\S]*openssl rand -base64 32/);
  });

  it('makes no key with a short API_KEY_SECRET, and does not repeat it', async () => {
    const env = { GATEHOUSE_DIR: folder, API_KEY_SECRET: 'hunter2' };
    const { code, stdout, stderr } = await runCommand('keys', ['create', '--name', 'x'], env);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/API_KEY_SECRET.* at least 32 characters/);
    expect(stderr).not.toContain('hunter2');
  });

  it.each([
    [[], 'create, list and revoke are taken'],
    [['remove', 'x'], 'There is no command "remove"'],
    [['create'], '--name is missing'],
    [['create', '--name', ''], 'name takes'],
    [['create', '--name', 'x', '--nmae', 'y'], "Unknown option '--nmae'"],
    [['create', '--name', 'x', 'y'], 'does not take positional arguments'],
    [['create', '--name', 'x', '--kind', 'admin'], 'kind takes user or client'],
    [['create', '--name', 'x', '--scope', 'a b'], 'scopes takes'],
    [['create', '--name', 'x', '--expires', 'soon'], '"soon" is no expiry'],
    [['create', '--name', 'x', '--expires', '2020-01-01'], '"2020-01-01" is in the past'],
    [['create', '--name', 'x', '--origin', 'https://a.example/path'], 'is no origin'],
    [['create', '--name', 'x', '--address', '10.0.0.0/33'], 'is no address'],
    [['create', '--name', 'x', '--format', 'yaml'], '--format is "yaml"; it takes text or json'],
    [['list', '--format', 'yaml'], '--format is "yaml"; it takes text or json'],
    [['revoke'], 'revoke takes the id of one key'],
    [['revoke', 'a', 'b'], 'revoke takes the id of one key'],
  ])('%j is refused with what it takes', (args, message) => {
    const now = new Date();
    expect(() => {
      const command = readCommand(args, now);
      // The fields of a key are checked with its record, of which nothing is stored by then.
      if (command.do === 'create') newRecord(command.wanted, keyHasher(HASH_SECRET), now);
    }).toThrow(message);
  });

  it.each([
    [['create', '--name', 'x', '--expires', 'soon'], /^"soon" is no expiry[^]*\n\nUsage: npm run keys /],
    [['create', '--name', 'x', '--kind', 'admin'], /^kind takes user or client/],
  ])('%j is answered with that, exit 1 and no key', async (args, message) => {
    const before = await run('list');
    const { code, stdout, stderr } = await run(...args);
    expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '', stderr: expect.stringMatching(message) });
    expect(await run('list')).toEqual(before);
  });

  it('explains itself', async () => {
    expect(await run('--help')).toMatchObject({ code: 0, stdout: expect.stringContaining('Usage: npm run keys') });
  });

  it('exits with 1, prints no key and ends soon when Redis cannot be reached', async () => {
    const env = { API_KEY_SECRET: HASH_SECRET, REDIS_URL: `redis://127.0.0.1:${await freePort()}` };
    const { code, stdout, stderr } = await runCommand('keys', ['create', '--name', 'x'], env);
    expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '', stderr: expect.stringContaining('Redis is down') });
  });

  it('lists the sound keys when one has a record that is not as documented, says which it is, and exits with 1', async () => {
    const env = { API_KEY_SECRET: HASH_SECRET, REDIS_URL: server.url };
    const key = (await runCommand('keys', ['create', '--name', 'damaged'], env)).stdout.trim();
    const id = parseKey(key)?.id ?? '';
    await runCommand('keys', ['create', '--name', 'sound'], env);
    const redis = connectRedis({ url: server.url, commandTimeoutMs: 2000 });
    await redis.set(`gatehouse:api-key:${id}`, '{}');
    await redis.close();
    const { code, stdout, stderr } = await runCommand('keys', ['list'], env);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(id) });
    expect(stdout).toContain('sound');
    expect(stdout).not.toContain(id);
  });
});
