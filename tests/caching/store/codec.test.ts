import * as fc from 'fast-check';
import { randomBytes } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CacheEntry } from '../../../plugins/caching/store/entry.ts';
import { createCacheStore } from '../../../plugins/caching/store/index.ts';
import { createCodec, type Codec } from '../../../plugins/caching/store/redis/codec.ts';
import { valueKey } from '../../../plugins/caching/store/redis/keys.ts';
import { createSeal } from '../../../plugins/caching/store/redis/seal.ts';
import { namedTag, type Tag } from '../../../plugins/caching/tags/tag.ts';
import { connectRedis } from '../../../plugins/redis/index.ts';
import { startRedis, type RedisServer } from '../../harness/redis.ts';
import { redisCli } from '../../redis/redis-cli.ts';
import { LONG, openCache, openLinked, put, textOf } from './open-cache.ts';

const MAX_BYTES = 16 * 1024 * 1024;
const ALWAYS = 1;
const NEVER = MAX_BYTES;
const TOKEN = 'a-token_0123456';
const newKey = (): string => randomBytes(32).toString('base64');
const KEY = newKey();
const sealed = (compressAbove = NEVER): Codec => createCodec({ compressAbove, seal: createSeal(KEY) });
const plain = (compressAbove = NEVER): Codec => createCodec({ compressAbove });

const times = fc.double({ noNaN: true, noDefaultInfinity: true }).map((time) => (time === 0 ? 0 : time));
const bytes = fc.uint8Array({ maxLength: 3000 }).map((array) => Buffer.from(array));
const entries: fc.Arbitrary<CacheEntry> = fc.record({
  value: bytes,
  tags: fc.array(fc.string({ unit: 'binary', maxLength: 80 })) as fc.Arbitrary<unknown> as fc.Arbitrary<Tag[]>,
  storedAt: times,
  freshUntil: times,
  staleUntil: times,
  expiredUntil: times,
});
const entryOf = (value: string | Buffer, tags: readonly Tag[] = []): CacheEntry => ({
  value: Buffer.from(value),
  tags,
  storedAt: 1,
  freshUntil: 2,
  staleUntil: 3,
  expiredUntil: 4,
});

function encoded(codec: Codec, entry: CacheEntry, key = 'key'): Buffer {
  const made = codec.encode(entry, key, TOKEN);
  if (made === undefined) throw new Error('too long');
  return made;
}

describe.each<[string, Codec]>([
  ['as it is', plain()],
  ['compressed', plain(ALWAYS)],
  ['encrypted', sealed()],
  ['compressed and encrypted', sealed(ALWAYS)],
])('an entry that is kept in Redis %s', (_, codec) => {
  it('is read as it was stored, with its token', () => {
    fc.assert(
      fc.property(entries, fc.string(), (entry, key) => {
        const stored = encoded(codec, entry, key);
        expect(codec.tokenOf(stored)).toBe(TOKEN);
        expect(codec.decode(stored, key)).toEqual(entry);
      }),
    );
  });

  it('is missing where a part of it is, and nothing throws', () => {
    const stored = encoded(codec, entryOf(randomBytes(200), [namedTag('x')]));
    // Part of a value that is as it was given is no less a value: Redis keeps all of it or nothing.
    const head = 2 + TOKEN.length + 4 + '[1,2,3,4,["tag:x"]]'.length;
    for (let length = 0; length < head; length++) {
      expect(codec.decode(stored.subarray(0, length), 'key')).toBeUndefined();
      codec.tokenOf(stored.subarray(0, length));
    }
  });

  it('is missing where somebody else has written something, and nothing throws', () => {
    fc.assert(
      fc.property(bytes, fc.nat(3), (array, flags) => {
        const lead = Buffer.from([flags, 1, 65]);
        codec.decode(array, 'key');
        codec.tokenOf(array);
        const head = Buffer.concat([lead, Buffer.from([0, 0, 0, array.length % 256]), array]);
        expect(codec.decode(head, 'key')).toBeUndefined();
      }),
    );
  });

  it('is refused when it is longer than 16 MiB', () => {
    // Its length, the brackets and commas of its head, and four times and no tags.
    const head = 4 + '[1,2,3,4,[]]'.length;
    expect(codec.encode(entryOf(Buffer.alloc(MAX_BYTES - head + 1)), 'key', TOKEN)).toBeUndefined();
    const longest = entryOf(Buffer.alloc(MAX_BYTES - head));
    expect(codec.decode(encoded(codec, longest), 'key')?.value).toHaveLength(longest.value.length);
  });
});

describe('what is compressed', () => {
  const text = '{"name":"a name that comes again and again"},'.repeat(1000);

  it('takes less, and what is short is left as it is', () => {
    expect(encoded(plain(2048), entryOf(text)).byteLength).toBeLessThan(text.length / 20);
    expect(encoded(sealed(2048), entryOf(text)).byteLength).toBeLessThan(text.length / 20);
    expect(encoded(plain(2048), entryOf('short and plain')).toString('latin1')).toContain('short and plain');
  });

  it('is read by gateways that compress other lengths', () => {
    expect(plain(NEVER).decode(encoded(plain(ALWAYS), entryOf(text)), 'key')).toEqual(entryOf(text));
    expect(plain(ALWAYS).decode(encoded(plain(NEVER), entryOf(text)), 'key')).toEqual(entryOf(text));
  });

  it('is not inflated beyond 16 MiB', () => {
    const lead = Buffer.from([1, 1, 65]);
    const head = '[1,2,3,4,[]]';
    const inflatedTo = (size: number): Buffer => {
      const entry = Buffer.alloc(size);
      entry.writeUInt32BE(head.length);
      entry.write(head, 4);
      return Buffer.concat([lead, zstdCompressSync(entry)]);
    };
    expect(plain().decode(inflatedTo(MAX_BYTES), 'key')).toMatchObject({ storedAt: 1 });
    expect(inflatedTo(4 * MAX_BYTES).byteLength).toBeLessThan(10_000);
    // Not shown where it fails: it is long.
    expect(plain().decode(inflatedTo(4 * MAX_BYTES), 'key') === undefined).toBe(true);
  });
});

describe('what is encrypted', () => {
  it('is missing with another key, under another key of Redis, and with any byte changed', () => {
    fc.assert(
      fc.property(entries, fc.boolean(), fc.nat(), fc.integer({ min: 1, max: 255 }), (entry, isLong, at, change) => {
        const codec = sealed(isLong ? ALWAYS : NEVER);
        const stored = encoded(codec, entry, 'key');
        expect(codec.decode(stored, 'another')).toBeUndefined();
        const other = createCodec({ compressAbove: NEVER, seal: createSeal(newKey()) });
        expect(other.decode(stored, 'key')).toBeUndefined();
        const changed = Buffer.from(stored);
        const index = at % stored.byteLength;
        changed[index] = (stored[index] ?? 0) ^ change;
        expect(codec.decode(changed, 'key')).toBeUndefined();
      }),
    );
  });

  it('is missing with each single byte changed or cut off', () => {
    const stored = encoded(sealed(), entryOf('x', [namedTag('y')]));
    for (let i = 0; i < stored.byteLength; i++) {
      const changed = Buffer.from(stored);
      changed[i] = (stored[i] ?? 0) ^ 0x01;
      expect(sealed().decode(changed, 'key')).toBeUndefined();
      expect(sealed().decode(stored.subarray(0, i), 'key')).toBeUndefined();
    }
  });

  it('does not stand for another token', () => {
    const stored = encoded(sealed(), entryOf('x'));
    const moved = Buffer.from(stored.toString('latin1').replace(TOKEN, TOKEN.replace('a', 'b')), 'latin1');
    expect(sealed().tokenOf(moved)).not.toBe(TOKEN);
    expect(sealed().decode(moved, 'key')).toBeUndefined();
  });

  it('shows nothing of values and tags, and never looks the same twice', () => {
    const secret = 'a secret that nobody is to read';
    for (const codec of [sealed(), sealed(ALWAYS)]) {
      const entry = entryOf(secret, [namedTag('of ada')]);
      const [stored, again] = [encoded(codec, entry), encoded(codec, entry)];
      for (const text of [secret, 'secret', 'ada']) expect(stored.includes(text)).toBe(false);
      expect(stored.equals(again)).toBe(false);
    }
  });

  it('is all that is read with an encryption key, and is not read without one', () => {
    expect(sealed().decode(encoded(plain(), entryOf('x')), 'key')).toBeUndefined();
    expect(plain().decode(encoded(sealed(), entryOf('x')), 'key')).toBeUndefined();
  });
});

describe('an encryption key', () => {
  it.each<[string, string]>([
    ['no text', ''],
    ['too short', randomBytes(31).toString('base64')],
    ['too long', randomBytes(33).toString('base64')],
    ['not base64', `${'*'.repeat(10)}-not-base64-but-a-pass-phrase`],
    ['with something after it', `${KEY}x`],
    ['in hexadecimal', randomBytes(32).toString('hex')],
  ])('that is %s is refused, with a message that does not repeat it', (_, encryptionKey) => {
    const shared = connectRedis();
    let thrown: unknown;
    try {
      createCacheStore({ shared, encryptionKey });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(TypeError);
    expect(String(thrown)).toMatch(/encryptionKey takes 32 bytes in base64/);
    for (let i = 0; i + 8 <= encryptionKey.length; i++)
      expect(String((thrown as Error).stack)).not.toContain(encryptionKey.slice(i, i + 8));
  });

  it('may have a line break at its end, as files have', () => {
    const codec = createCodec({ compressAbove: NEVER, seal: createSeal(`${KEY}\n`) });
    expect(codec.decode(encoded(sealed(), entryOf('x')), 'key')).toEqual(entryOf('x'));
  });
});

describe('in Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server?.close());

  it('an entry is shared by those who have the same key, and is a miss for all others, who are told', async () => {
    const { cache: one } = await openLinked(server.url, { encryptionKey: KEY });
    await put(one, 'shared', 'a secret', [namedTag('ada')]);
    const { cache: same } = openCache(server.url, { encryptionKey: KEY });
    expect(await textOf(same, 'shared')).toBe('a secret');
    for (const options of [{ encryptionKey: newKey() }, {}]) {
      const { cache: other, events } = openCache(server.url, options);
      expect(await textOf(other, 'shared')).toBeUndefined();
      expect(events).toContainEqual({ type: 'unreadable' });
    }
    const raw = await redisCli(server.port, 'GET', valueKey('shared'));
    expect(raw).not.toContain('secret');
    expect(raw).not.toContain('ada');
  });

  it('an entry that was put in the place of another is a miss, and can be stored anew', async () => {
    const { cache } = await openLinked(server.url, { encryptionKey: KEY });
    await put(cache, 'rich', 'much');
    await put(cache, 'poor', 'little');
    await redisCli(server.port, 'COPY', valueKey('rich'), valueKey('poor'), 'REPLACE');
    const { cache: reader } = openCache(server.url, { encryptionKey: KEY });
    expect(await textOf(reader, 'poor')).toBeUndefined();
    expect(await put(reader, 'poor', 'little')).toBe(true);
    expect(await textOf(reader, 'poor')).toBe('little');
  });

  it('an entry that is too long is refused, and those beside it are stored', async () => {
    const { cache } = await openLinked(server.url);
    const { snapshot } = await cache.read([]);
    const values = { big: Buffer.alloc(MAX_BYTES + 1), small: Buffer.from('x') };
    const written = await cache.write(
      snapshot,
      Object.entries(values).map(([id, value]) => ({ id, value, tags: [], ...LONG })),
    );
    expect(written).toEqual([false, true]);
    expect(await redisCli(server.port, 'EXISTS', valueKey('big'), valueKey('small'))).toBe('1\n');
    const { cache: other } = openCache(server.url);
    expect([...(await other.read(['big', 'small'])).hits.keys()]).toEqual(['small']);
  });
});
