import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { lastGoodStore } from '../../plugins/composition/last-good.ts';
import type { SchemaText } from '../../plugins/composition/subgraph.ts';
import { connectRedis, type SharedStore } from '../../plugins/redis/index.ts';
import { runs } from './cases/runs.ts';

const FILE = 'last-good-schemas.json';
const SUBGRAPHS = [
  { name: 'a', url: 'http://a.test' },
  { name: 'b', url: 'http://b.test' },
];
const sdl = (text: string): SchemaText => ({ kind: 'sdl', text });
const SCHEMAS = new Map([
  ['a', sdl('type Query { a: Int }')],
  ['b', { kind: 'introspection' as const, text: '{}' }],
]);

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'gatehouse-last-good-'));
  cleanups.push(() => rm(path, { recursive: true, force: true }));
  return path;
}

function memory(): SharedStore {
  const store = connectRedis({ log: { info: () => {}, warn: () => {}, error: () => {} } });
  cleanups.push(() => store.close());
  return store;
}

/** A store, and what it has told of failures. */
function open(directory: string, redis?: SharedStore, subgraphs: typeof SUBGRAPHS = SUBGRAPHS) {
  const failures: string[] = [];
  const store = lastGoodStore({ subgraphs, directory, redis }, (what) => failures.push(what));
  return { ...store, failures };
}

describe('schemas that composed', () => {
  it('are there for the next run, from disk', async () => {
    const directory = join(await folder(), 'made', 'when', 'needed');
    const before = Date.now();
    await open(directory).save(SCHEMAS);
    const { load, failures } = open(directory);
    const kept = await load();
    expect(kept?.schemas).toEqual(Object.fromEntries(SCHEMAS));
    expect(Date.parse(kept?.savedAt ?? '')).toBeGreaterThanOrEqual(before);
    expect(failures).toEqual([]);
  });

  it('are there for another gateway, from Redis', async () => {
    const redis = memory();
    await open(await folder(), redis).save(SCHEMAS);
    expect((await open(await folder(), redis).load())?.schemas).toEqual(Object.fromEntries(SCHEMAS));
  });

  it('are not there for a gateway of other subgraphs on the same Redis', async () => {
    const redis = memory();
    await open(await folder(), redis).save(SCHEMAS);
    const other = open(await folder(), redis, [{ name: 'a', url: 'http://elsewhere.test' }]);
    expect(await other.load()).toBeUndefined();
  });

  it('are none when there was no run', async () => {
    const { load, failures } = open(await folder(), memory());
    expect(await load()).toBeUndefined();
    expect(failures).toEqual([]);
  });

  it('are the newer ones of disk and Redis', async () => {
    const [one, other] = [await folder(), await folder()];
    const redis = memory();
    await open(one, redis).save(new Map([['a', sdl('old')]]));
    // Two saves within a millisecond would be as old as each other.
    const past = JSON.parse(await readFile(join(one, FILE), 'utf8'));
    await writeFile(join(one, FILE), JSON.stringify({ ...past, savedAt: '2000-01-01T00:00:00.000Z' }));
    await open(other, redis).save(new Map([['a', sdl('new')]]));
    expect((await open(one, redis).load())?.schemas).toEqual({ a: sdl('new') });
    const future = JSON.parse(await readFile(join(one, FILE), 'utf8'));
    await writeFile(join(one, FILE), JSON.stringify({ ...future, savedAt: '2999-01-01T00:00:00.000Z' }));
    expect((await open(one, redis).load())?.schemas).toEqual({ a: sdl('old') });
  });

  it('are left out for a subgraph that has another URL now, or is gone', async () => {
    const directory = await folder();
    await open(directory).save(SCHEMAS);
    const moved = [{ name: 'a', url: 'http://moved.test' }, SUBGRAPHS[1] ?? { name: '', url: '' }];
    expect((await open(directory, undefined, moved).load())?.schemas).toEqual({ b: SCHEMAS.get('b') });
  });

  it('come back as they were, whatever they hold', async () => {
    const directory = await folder();
    const text = fc.string({ unit: 'binary' });
    await fc.assert(
      fc.asyncProperty(text, text, async (a, b) => {
        await open(directory).save(
          new Map([
            ['a', sdl(a)],
            ['b', sdl(b)],
          ]),
        );
        expect((await open(directory).load())?.schemas).toEqual({ a: sdl(a), b: sdl(b) });
      }),
      runs(30),
    );
  });
});

describe('the file', () => {
  it('is replaced as a whole: whoever reads meanwhile sees the old or the new one', async () => {
    const directory = await folder();
    const long = 'x'.repeat(200_000);
    const { save } = open(directory);
    await save(new Map([['a', sdl(`0${long}`)]]));
    let saving = true;
    const saved = (async () => {
      for (let version = 1; version <= 20; version++) await save(new Map([['a', sdl(`${version}${long}`)]]));
      saving = false;
    })();
    const reader = open(directory);
    while (saving) expect((await reader.load())?.schemas.a?.text).toMatch(/^\d{1,2}x{200000}$/);
    await saved;
    expect(reader.failures).toEqual([]);
    expect(await readdir(directory)).toEqual([FILE]);
  });

  it('is for the gateway alone', async () => {
    const directory = await folder();
    await open(directory).save(SCHEMAS);
    expect((await stat(join(directory, FILE))).mode & 0o077).toBe(0);
  });
});

describe('what cannot be read or written', () => {
  it.each([
    ['is no JSON', '{"format":1,'],
    ['has another format', '{"format":2,"savedAt":"2020-01-01T00:00:00.000Z","subgraphs":{}}'],
    ['has no format', '{}'],
    ['is null', 'null'],
    ['is empty', ''],
  ])('a file that %s is told, and is none', async (_, text) => {
    const directory = await folder();
    await writeFile(join(directory, FILE), text);
    const { load, failures } = open(directory);
    expect(await load()).toBeUndefined();
    expect(failures).toEqual([`${join(directory, FILE)} cannot be read`]);
  });

  it('an unreadable file does not hide what Redis has', async () => {
    const [directory, redis] = [await folder(), memory()];
    await open(await folder(), redis).save(SCHEMAS);
    await mkdir(join(directory, FILE));
    const { load, failures } = open(directory, redis);
    expect((await load())?.schemas).toEqual(Object.fromEntries(SCHEMAS));
    expect(failures).toHaveLength(1);
  });

  it('a folder that is a file is told, and Redis is written all the same', async () => {
    const [directory, redis] = [await folder(), memory()];
    const path = join(directory, 'file');
    await writeFile(path, '');
    await chmod(path, 0o400);
    const { save, failures } = open(path, redis);
    await save(SCHEMAS);
    expect(failures).toEqual([`${join(path, FILE)} cannot be written`]);
    expect((await open(await folder(), redis).load())?.schemas).toEqual(Object.fromEntries(SCHEMAS));
  });

  it('a Redis that is down is told, and the disk is used', async () => {
    const [directory, redis] = [await folder(), memory()];
    await redis.close();
    const { save, load, failures } = open(directory, redis);
    await save(SCHEMAS);
    expect((await load())?.schemas).toEqual(Object.fromEntries(SCHEMAS));
    expect(failures).toEqual([
      'the last good schemas cannot be written to Redis',
      'the last good schemas cannot be read from Redis',
    ]);
  });
});
