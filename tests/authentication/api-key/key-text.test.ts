import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyHasher } from '../../../plugins/authentication/api-key/key-hash.ts';
import { formatKey, generateKey, parseKey } from '../../../plugins/authentication/api-key/key-text.ts';
import { HASH_SECRET } from './keys.ts';

const id = fc.stringMatching(/^[a-z0-9]{12,32}$/);
const secret = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('base64url'));
const parts = fc.record({ id, secret });

describe('the text of a key', () => {
  it('is read back as the parts that it was made of, whatever its 32 bytes are', () => {
    fc.assert(
      fc.property(parts, (key) => {
        expect(parseKey(formatKey(key))).toEqual(key);
      }),
    );
  });

  it('may hold "_" and "-" in its secret', () => {
    const tricky = { id: 'abcdefghijkl', secret: `_-_${'_'.repeat(36)}gh_A` };
    expect(parseKey(formatKey(tricky))).toEqual(tricky);
  });

  it('is new each time, with 32 random bytes', () => {
    const made = Array.from({ length: 200 }, generateKey);
    expect(new Set(made.map((key) => key.id)).size).toBe(200);
    expect(new Set(made.map((key) => key.secret)).size).toBe(200);
    for (const key of made) {
      expect(Buffer.from(key.secret, 'base64url')).toHaveLength(32);
      expect(parseKey(formatKey(key))).toEqual(key);
    }
  });

  it('is exact: no text but the one that was given out stands for the key', () => {
    const change = fc.record({ at: fc.nat(), cut: fc.nat(2), put: fc.string({ unit: 'binary', maxLength: 2 }) });
    fc.assert(
      fc.property(parts, change, (key, { at, cut, put }) => {
        const text = formatKey(key);
        const from = at % (text.length + 1);
        const changed = text.slice(0, from) + put + text.slice(from + cut);
        const read = parseKey(changed);
        if (read !== undefined) expect(formatKey(read)).toBe(changed);
        if (changed !== text) expect(read).not.toEqual(key);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['nothing', ''],
    ['another prefix', `gk_abcdefghijkl_${'A'.repeat(43)}`],
    ['an id that is too short', `gh_abcdefghijk_${'A'.repeat(43)}`],
    ['an id that is too long', `gh_${'a'.repeat(33)}_${'A'.repeat(43)}`],
    ['capitals in the id', `gh_Abcdefghijkl_${'A'.repeat(43)}`],
    ['a secret of 31 bytes', `gh_abcdefghijkl_${'A'.repeat(42)}`],
    ['a secret of 33 bytes', `gh_abcdefghijkl_${'A'.repeat(44)}`],
    ['padding', `gh_abcdefghijkl_${'A'.repeat(43)}=`],
    ['a character of plain base64', `gh_abcdefghijkl_+${'A'.repeat(42)}`],
    ['bits beyond the 32 bytes', `gh_abcdefghijkl_${'A'.repeat(42)}B`],
    ['a line end', `gh_abcdefghijkl_${'A'.repeat(43)}\n`],
    ['a space before it', ` gh_abcdefghijkl_${'A'.repeat(43)}`],
    ['a megabyte', `gh_abcdefghijkl_${'A'.repeat(1_000_000)}`],
  ])('is refused with %s', (_, text) => {
    expect(parseKey(text)).toBeUndefined();
  });
});

describe('the hash of a key', () => {
  it('matches that key alone: not another id, not another secret, not another hash secret', () => {
    const { hash, matches } = keyHasher(HASH_SECRET);
    const elsewhere = keyHasher(`${HASH_SECRET}!`);
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        fc.pre(one.id !== other.id && one.secret !== other.secret);
        expect(matches(one, hash(one))).toBe(true);
        expect(matches({ ...one, id: other.id }, hash(one))).toBe(false);
        expect(matches({ ...one, secret: other.secret }, hash(one))).toBe(false);
        expect(elsewhere.matches(one, hash(one))).toBe(false);
        expect(matches(one, undefined)).toBe(false);
        expect(hash(one)).not.toContain(one.secret);
      }),
    );
  });

  it.each(['', 'x'.repeat(31), undefined])(
    'is not made with a secret such as %j: the message says what it takes',
    (wrong) => {
      expect(() => keyHasher(wrong as string)).toThrow(/hashSecret .*takes .*at least 32 characters/);
    },
  );

  it('is refused a short secret without repeating it', () => {
    expect(() => keyHasher('hunter2')).not.toThrow('hunter2');
  });
});
