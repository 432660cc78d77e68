import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KeyRecordError, type KeyStore } from '../../../plugins/authentication/api-key/index.ts';
import { aKey, createKey } from './keys.ts';

/** Two stores with the same keys, as two processes hold them. */
export interface KeyStorePair {
  readonly one: KeyStore;
  readonly other: KeyStore;
  /** Puts any text in the place of a key's record. */
  damage(id: string, text: string): Promise<void>;
  close(): Promise<void>;
}

/** What every store of API keys promises. */
export function keyStoreContract(name: string, openPair: () => Promise<KeyStorePair>): void {
  describe(`the store of API keys in ${name}`, () => {
    let pair: KeyStorePair;
    let one: KeyStore;
    let other: KeyStore;
    beforeAll(async () => {
      pair = await openPair();
      ({ one, other } = pair);
    });
    afterAll(() => pair?.close());

    it('is empty at first', async () => {
      expect(await one.list()).toEqual([]);
      expect(await one.read('nosuchkeyatall')).toBeUndefined();
    });

    it('gives every process the record that one of them kept, as it was', async () => {
      const { record, id } = await createKey(one, {
        name: 'wörd ☃',
        claims: { deep: [1, { a: null }] },
        scopes: ['a'],
      });
      expect(await one.read(id)).toEqual(record);
      expect(await other.read(id)).toEqual(record);
    });

    it('lists all keys, in the order in which they were made', async () => {
      const before = await other.list();
      const made = [];
      for (let i = 0; i < 5; i++) made.push((await createKey(i % 2 ? one : other)).record);
      expect(await one.list()).toEqual([...before, ...made]);
    });

    it('loses none of the keys that several processes make at the same time', async () => {
      const before = (await one.list()).length;
      const made = await Promise.all(Array.from({ length: 70 }, (_, i) => createKey(i % 2 ? one : other)));
      const listed = await other.list();
      expect(listed).toHaveLength(before + made.length);
      expect(listed).toEqual(expect.arrayContaining(made.map(({ record }) => record)));
      for (const { id, record } of made) expect(await one.read(id)).toEqual(record);
    });

    it('shows a revocation to every process at once, and goes on listing the key', async () => {
      const { id, record } = await createKey(one);
      expect(await other.read(id)).toEqual(record);
      const at = new Date();
      const revoked = { ...record, revokedAt: at.toISOString() };
      expect(await one.revoke(id, at)).toEqual(revoked);
      expect(await other.read(id)).toEqual(revoked);
      expect(await other.list()).toContainEqual(revoked);
    });

    it('keeps the time of the first revocation, and what else a key is', async () => {
      const { id, record } = await createKey(one, { tier: 'gold' });
      const [first, second] = [new Date(1000), new Date(2000)];
      await one.revoke(id, first);
      expect(await other.revoke(id, second)).toEqual({ ...record, revokedAt: first.toISOString() });
    });

    it('revokes each of many keys that are revoked at the same time, and makes others meanwhile', async () => {
      const old = await Promise.all(Array.from({ length: 10 }, () => createKey(one)));
      const [, made] = await Promise.all([
        Promise.all(old.map(({ id }, i) => (i % 2 ? one : other).revoke(id, new Date()))),
        Promise.all(Array.from({ length: 10 }, (_, i) => createKey(i % 2 ? one : other))),
      ]);
      for (const { id } of old) expect((await other.read(id))?.revokedAt).toBeTypeOf('string');
      for (const { id } of made) expect((await other.read(id))?.revokedAt).toBeUndefined();
    });

    it('has nothing to revoke for an id that no key has', async () => {
      const before = await one.list();
      expect(await one.revoke('nosuchkeyatall', new Date())).toBeUndefined();
      expect(await one.list()).toEqual(before);
    });

    it.each(['null', '{}', '"x"', '[]', JSON.stringify(aKey().record)])(
      'says that a record is not as documented when it is %s, and lists the others',
      async (text) => {
        const { id } = await createKey(one);
        const { record: sound } = await createKey(one);
        await pair.damage(id, text);
        await expect(other.read(id)).rejects.toThrow(KeyRecordError);
        await expect(other.revoke(id, new Date())).rejects.toThrow(KeyRecordError);
        const listed = await other.list();
        expect(listed).toContainEqual(sound);
        expect(listed.filter((entry) => entry instanceof KeyRecordError).map(({ keyId }) => keyId)).toContain(id);
      },
    );
  });
}
