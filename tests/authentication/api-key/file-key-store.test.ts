import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fileKeyStore } from '../../../plugins/authentication/api-key/file-key-store.ts';
import { runCommand } from '../../harness/command.ts';
import { createKey, HASH_SECRET, secretOf } from './keys.ts';

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'gatehouse-keys-'));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

describe('the file of API keys', () => {
  it('is made with its folder, for its owner alone, and stays so', async () => {
    const directory = join(await folder(), 'made', 'when', 'needed');
    const store = fileKeyStore(directory);
    const mode = async () => (await stat(join(directory, 'keys.json'))).mode & 0o777;
    const { id } = await createKey(store);
    expect(await mode()).toBe(0o600);
    await createKey(store);
    await store.revoke(id, new Date());
    expect(await mode()).toBe(0o600);
  });

  it('holds nothing of a key from which it could be made', async () => {
    const directory = await folder();
    const { key, id } = await createKey(fileKeyStore(directory));
    const text = await readFile(join(directory, 'keys.json'), 'utf8');
    expect(text).toContain(id);
    expect(text).not.toContain(secretOf(key));
  });

  it.each(['640', '604', '620', '602', '777'])(
    'is not read with mode %s, and the error says what to do',
    async (mode) => {
      const directory = await folder();
      const path = join(directory, 'keys.json');
      const { id } = await createKey(fileKeyStore(directory));
      const store = fileKeyStore(directory);
      await store.read(id);
      await chmod(path, parseInt(mode, 8));
      const problem = `${path} is open to others than its owner (mode ${mode}); run: chmod 600 ${path}`;
      await expect(store.read(id)).rejects.toThrow(problem);
      await expect(store.list()).rejects.toThrow(problem);
      await expect(createKey(store)).rejects.toThrow(problem);
      await expect(store.revoke(id, new Date())).rejects.toThrow(problem);
      await chmod(path, 0o600);
      expect(await store.read(id)).toMatchObject({ id });
    },
  );

  it('is replaced as a whole: whoever reads meanwhile sees the old or the new one', async () => {
    const directory = await folder();
    const store = fileKeyStore(directory);
    const { id, record } = await createKey(store);
    let writing = true;
    const written = (async () => {
      for (let i = 0; i < 30; i++) await createKey(store, { claims: { long: 'x'.repeat(50_000) } });
      writing = false;
    })();
    try {
      while (writing) expect(await fileKeyStore(directory).read(id)).toEqual(record);
    } finally {
      await written;
    }
    expect(await readdir(directory)).toEqual(['keys.json']);
  });

  it('loses none of the keys that several processes make at the same time', async () => {
    const directory = await folder();
    const env = { GATEHOUSE_DIR: directory, API_KEY_SECRET: HASH_SECRET };
    const names = Array.from({ length: 6 }, (_, i) => `key ${i}`);
    const results = await Promise.all(names.map((name) => runCommand('keys', ['create', '--name', name], env)));
    expect(results.map(({ code }) => code)).toEqual(names.map(() => 0));
    const listed = (await fileKeyStore(directory).list()).map(({ name }) => name);
    expect(listed.toSorted()).toEqual(names);
  });

  it('is left as it was, and without a lock, when a write fails', async () => {
    const directory = await folder();
    const path = join(directory, 'keys.json');
    await createKey(fileKeyStore(directory));
    const text = (await readFile(path, 'utf8')).slice(0, -10);
    await writeFile(path, text);
    await expect(createKey(fileKeyStore(directory))).rejects.toThrow(`${path} is not JSON`);
    expect(await readFile(path, 'utf8')).toBe(text);
    expect(await readdir(directory)).toEqual(['keys.json']);
  });

  it('is not written under the lock of another process: after 5 s the error names the lock', async () => {
    const directory = await folder();
    const lock = join(directory, 'keys.json.lock');
    await writeFile(lock, '');
    await expect(createKey(fileKeyStore(directory))).rejects.toThrow(`${lock} is held by another process`);
    expect(await readdir(directory)).toEqual(['keys.json.lock']);
  });

  it.each([
    ['is no JSON', '{"format":1,', /is not JSON$/],
    ['is empty', '', /is not JSON$/],
    ['is null', 'null', /has format undefined/],
    ['has another format', '{"format":2,"keys":{}}', /has format 2; this version reads 1/],
    ['has no keys', '{"format":1}', /has no keys/],
    ['has a list of keys', '{"format":1,"keys":[]}', /has no keys/],
  ])('is no empty store when it %s', async (_, text, problem) => {
    const directory = await folder();
    await writeFile(join(directory, 'keys.json'), text, { mode: 0o600 });
    await expect(fileKeyStore(directory).read('abcdefghijkl')).rejects.toThrow(problem);
    await expect(fileKeyStore(directory).list()).rejects.toThrow(problem);
  });

  it('is no empty store when it is a folder', async () => {
    const directory = await folder();
    await mkdir(join(directory, 'keys.json'), { mode: 0o700 });
    await expect(fileKeyStore(directory).read('abcdefghijkl')).rejects.toThrow('EISDIR');
  });

  it.each(['constructor', 'hasOwnProperty', '__proto__'])('has no key called %s', async (id) => {
    const directory = await folder();
    await createKey(fileKeyStore(directory));
    expect(await fileKeyStore(directory).read(id)).toBeUndefined();
  });
});
