import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { keyFinder } from '../../../plugins/authentication/api-key/find-key.ts';
import { apiKeyMethod } from '../../../plugins/authentication/api-key/index.ts';
import { keyHasher } from '../../../plugins/authentication/api-key/key-hash.ts';
import { keyMemory } from '../../../plugins/authentication/api-key/key-memory.ts';
import type { AuthenticationMethod } from '../../../plugins/authentication/method.ts';
import { recordingLogger } from '../../redis/recording-logger.ts';
import { controlledStore, type ControlledStore } from './controlled-store.ts';
import { ask, CALLER, createKey, HASH_SECRET, outcomeOf, secretOf, withOtherSecret } from './keys.ts';

let store: ControlledStore;
let method: AuthenticationMethod;
let logged: () => string[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  store = controlledStore();
  const { log, lines } = recordingLogger();
  logged = lines;
  method = apiKeyMethod({ store, hashSecret: HASH_SECRET, log });
});
afterEach(() => {
  vi.useRealTimers();
});

function pass(ms: number): void {
  vi.advanceTimersByTime(ms);
}

/** What is answered at once; undefined when the store has to be asked. */
function atOnce(key: string) {
  const verdict = method.authenticate({ scheme: 'api-key', key }, CALLER, Date.now());
  return verdict instanceof Promise ? undefined : verdict;
}

async function principalOf(key: string) {
  const verdict = await ask(method, key);
  return verdict.outcome === 'accepted' ? verdict.principal : undefined;
}

describe('API keys', () => {
  it('are recognized by where they stand, and by nothing else', async () => {
    expect(method.name).toBe('api-key');
    expect(method.recognizes({ scheme: 'api-key', key: 'anything' })).toBe(true);
    expect(method.recognizes({ scheme: 'bearer', token: 'anything' })).toBe(false);
    expect(await method.authenticate({ scheme: 'bearer', token: 'anything' }, CALLER, 0)).toMatchObject({
      outcome: 'refused',
    });
  });

  it.each(['', 'x'.repeat(31)])('need a hash secret of 32 characters: %j stops the gateway', (hashSecret) => {
    expect(() => apiKeyMethod({ store, hashSecret })).toThrow(/hashSecret .* at least 32 characters/);
  });

  it('make a principal with all that their record says', async () => {
    const { key } = await createKey(store, {
      owner: 'user-1',
      clientId: 'app',
      kind: 'user',
      scopes: ['orders:read'],
      roles: ['admin'],
      tier: 'gold',
      claims: { team: 'a' },
      expiresAt: '2999-01-31T00:00:00.000Z',
    });
    expect(await ask(method, key)).toEqual({
      outcome: 'accepted',
      principal: {
        id: 'user-1',
        kind: 'user',
        method: 'api-key',
        clientId: 'app',
        scopes: ['orders:read'],
        roles: ['admin'],
        tier: 'gold',
        claims: { team: 'a' },
        expiresAt: Date.parse('2999-01-31T00:00:00.000Z'),
      },
    });
  });

  it('stand for themselves when their record names nobody', async () => {
    const { key, id } = await createKey(store);
    expect(await principalOf(key)).toEqual({
      id,
      kind: 'client',
      method: 'api-key',
      clientId: id,
      scopes: [],
      roles: [],
      tier: undefined,
      claims: {},
      expiresAt: undefined,
    });
  });

  it('make a principal that nobody can change, at any depth', async () => {
    const { key } = await createKey(store, { scopes: ['a'], roles: ['b'], claims: { deep: { list: [{}] } } });
    const frozen = (value: unknown): boolean =>
      typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(frozen));
    const verdict = await ask(method, key);
    expect(verdict.outcome).toBe('accepted');
    expect(frozen(verdict)).toBe(true);
  });

  it('make the same principal object for as long as their record stays as it is', async () => {
    const { key, record } = await createKey(store, { scopes: ['a'] });
    const [first, second] = await Promise.all([principalOf(key), principalOf(key)]);
    expect(second).toBe(first);
    for (let i = 0; i < 5; i++) {
      pass(700);
      expect(await principalOf(key)).toBe(first);
    }
    store.stored.set(record.id, { ...record, scopes: ['a', 'b'] });
    pass(900);
    const changed = await principalOf(key);
    expect(changed?.scopes).toEqual(['a', 'b']);
    expect(await principalOf(key)).toBe(changed);
  });

  it('are refused with another secret, another id, or when they were never made', async () => {
    const { key } = await createKey(store);
    const { key: second } = await createKey(store);
    await store.revoke((await createKey(store)).id, new Date());
    const exchanged = `gh_${second.split('_')[1]}_${secretOf(key)}`;
    for (const wrong of [withOtherSecret(key), exchanged, `gh_nosuchkeyatall_${secretOf(key)}`]) {
      expect(await outcomeOf(method, wrong)).toBe('refused');
    }
    expect(await outcomeOf(method, key)).toBe('accepted');
  });

  it('are refused once revoked, whatever the secret', async () => {
    const { key, id } = await createKey(store);
    await store.revoke(id, new Date());
    expect(await ask(method, key)).toEqual({ outcome: 'refused', reason: 'the key is revoked' });
    expect(await ask(method, withOtherSecret(key))).toEqual({
      outcome: 'refused',
      reason: 'the secret of the key is wrong',
    });
  });

  it('do not match a hash made with another hash secret', async () => {
    const { key } = await createKey(store);
    const elsewhere = apiKeyMethod({ store, hashSecret: `${HASH_SECRET}!` });
    expect(await outcomeOf(elsewhere, key)).toBe('refused');
  });

  it('cost the same hashing whether there is such a key or not: time tells nothing', async () => {
    const { key, id } = await createKey(store);
    const { key: unknown, record } = await createKey(controlledStore());
    const hasher = keyHasher(HASH_SECRET);
    const matches = vi.fn(hasher.matches);
    const find = keyFinder(store, { ...hasher, matches }, keyMemory(), undefined);
    const parts = (text: string) => ({ id: text.split('_')[1] ?? '', secret: secretOf(text) });
    await find(parts(withOtherSecret(key)), 'one');
    await find(parts(unknown), 'other');
    expect(matches.mock.calls.map(([{ id: hashed }]) => hashed)).toEqual([id, record.id]);
  });

  it('are refused whatever text they are, but for the one that was made; nothing is thrown', async () => {
    const { key } = await createKey(store);
    const { key: revoked, id } = await createKey(store);
    await store.revoke(id, new Date());
    const near = fc
      .tuple(fc.constantFrom(key, revoked), fc.nat(key.length), fc.nat(2), fc.string({ unit: 'binary', maxLength: 2 }))
      .map(([from, at, cut, put]) => from.slice(0, at) + put + from.slice(at + cut));
    const formed = fc.stringMatching(/^gh_[a-z0-9]{12,32}_[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/);
    const any = fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), near, formed, fc.constantFrom(key, revoked));
    await fc.assert(
      fc.asyncProperty(any, async (text) => {
        expect(await outcomeOf(method, text)).toBe(text === key ? 'accepted' : 'refused');
      }),
      { numRuns: 500 },
    );
  });
});

describe('a key that may be used only', () => {
  it('until a time is refused from then on, also when it was accepted a moment before', async () => {
    const expiresAt = Date.parse('2030-01-31T00:00:00.000Z');
    const { key } = await createKey(store, { expiresAt: new Date(expiresAt).toISOString() });
    expect((await ask(method, key, CALLER, expiresAt - 1)).outcome).toBe('accepted');
    expect(await ask(method, key, CALLER, expiresAt)).toEqual({ outcome: 'refused', reason: 'the key has expired' });
    expect((await ask(method, key, CALLER, expiresAt - 1)).outcome).toBe('accepted');
  });

  it('by pages of some origins is refused for others, and for callers without any', async () => {
    const { key } = await createKey(store, { allowedOrigins: ['https://app.example.com', 'http://localhost:3000'] });
    const from = async (origin: string | undefined) => (await ask(method, key, { ...CALLER, origin })).outcome;
    expect(await from('https://app.example.com')).toBe('accepted');
    expect(await from('http://localhost:3000')).toBe('accepted');
    const others = [
      undefined,
      '',
      'null',
      'http://app.example.com',
      'https://app.example.com:8443',
      'https://app.example.com.evil.example',
      'https://example.com',
      'http://localhost',
    ];
    for (const other of others) expect(await from(other)).toBe('refused');
  });

  it('from some addresses is refused from others, on every call', async () => {
    const { key } = await createKey(store, { allowedAddresses: ['10.0.0.0/8', '2001:db8::/32'] });
    const from = async (address: string) => (await ask(method, key, { ...CALLER, address })).outcome;
    for (let i = 0; i < 2; i++) {
      for (const good of ['10.1.2.3', '::ffff:10.1.2.3', '2001:db8::7']) expect(await from(good)).toBe('accepted');
      for (const bad of ['11.1.2.3', '::ffff:11.1.2.3', '2001:db9::7', '', 'unknown'])
        expect(await from(bad)).toBe('refused');
    }
  });
});

describe('what was read of a key', () => {
  it('answers at once for 900 ms, and not a moment longer', async () => {
    const { key, id } = await createKey(store);
    expect(atOnce(key)).toBeUndefined();
    expect(await outcomeOf(method, key)).toBe('accepted');
    await store.revoke(id, new Date());
    pass(899);
    expect(atOnce(key)?.outcome).toBe('accepted');
    pass(1);
    expect(atOnce(key)).toBeUndefined();
    expect(await outcomeOf(method, key)).toBe('refused');
  });

  it('counts from before it was asked for, however long the store takes', async () => {
    const { key } = await createKey(store);
    const answer = store.hold();
    const waiting = outcomeOf(method, key);
    pass(600);
    answer();
    expect(await waiting).toBe('accepted');
    pass(299);
    expect(atOnce(key)?.outcome).toBe('accepted');
    pass(1);
    expect(atOnce(key)).toBeUndefined();
  });

  it('is not used any more while it is read again', async () => {
    const { key, id } = await createKey(store);
    await outcomeOf(method, key);
    pass(900);
    const answer = store.hold();
    const waiting = [outcomeOf(method, key), outcomeOf(method, key)];
    store.stored.set(id, { ...(store.stored.get(id) as object), revokedAt: new Date().toISOString() });
    answer();
    expect(await Promise.all(waiting)).toEqual(['refused', 'refused']);
  });

  it('is asked for once, however many call at the same time', async () => {
    const { key } = await createKey(store);
    const calls = Array.from({ length: 50 }, (_, i) => outcomeOf(method, i % 2 ? key : withOtherSecret(key)));
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['accepted', 'refused']));
    expect(store.reads()).toBe(1);
  });

  it('saves a store from being asked again for an unknown key or a wrong secret', async () => {
    const { key } = await createKey(store);
    for (const wrong of [withOtherSecret(key), `gh_nosuchkeyatall_${secretOf(key)}`]) {
      const before = store.reads();
      expect(await outcomeOf(method, wrong)).toBe('refused');
      pass(899);
      expect(atOnce(wrong)?.outcome).toBe('refused');
      expect(store.reads()).toBe(before + 1);
      pass(1);
      expect(atOnce(wrong)).toBeUndefined();
    }
  });

  it('does not keep out a key that is made later', async () => {
    const { key, record } = await createKey(controlledStore());
    expect(await outcomeOf(method, key)).toBe('refused');
    await store.create(record);
    pass(900);
    expect(await outcomeOf(method, key)).toBe('accepted');
  });

  it('of a good key is not driven out by any number of guesses', async () => {
    const { key } = await createKey(store);
    await outcomeOf(method, key);
    for (let i = 0; i < 12_000; i++) {
      await ask(method, `gh_guess${String(i).padStart(7, '0')}_${secretOf(key)}`);
    }
    const before = store.reads();
    expect(atOnce(key)?.outcome).toBe('accepted');
    expect(store.reads()).toBe(before);
  });
});

describe('while the store cannot be asked', () => {
  const failure = new Error('the store is away');

  it('a key that was read as good goes on being accepted for 60 s, and no longer', async () => {
    const { key } = await createKey(store);
    await outcomeOf(method, key);
    store.fail(failure);
    for (let i = 0; i < 59; i++) {
      pass(1000);
      expect(await outcomeOf(method, key)).toBe('accepted');
    }
    pass(999);
    expect(await outcomeOf(method, key)).toBe('accepted');
    pass(1);
    expect(await ask(method, key)).toEqual({ outcome: 'unavailable', reason: failure.message, retryAfter: 1 });
  });

  it('a revocation is not seen, and seen at once when it is back', async () => {
    const { key, id } = await createKey(store);
    await outcomeOf(method, key);
    await store.revoke(id, new Date());
    store.fail(failure);
    pass(900);
    expect(await outcomeOf(method, key)).toBe('accepted');
    store.fail(undefined);
    expect(await outcomeOf(method, key)).toBe('refused');
  });

  it('a good key is still refused when it expires or comes from elsewhere', async () => {
    const expiresAt = Date.parse('2030-01-31T00:00:00.000Z');
    const { key } = await createKey(store, {
      expiresAt: new Date(expiresAt).toISOString(),
      allowedAddresses: [CALLER.address],
    });
    expect((await ask(method, key, CALLER, expiresAt - 1)).outcome).toBe('accepted');
    store.fail(failure);
    pass(1000);
    expect((await ask(method, key, CALLER, expiresAt - 1)).outcome).toBe('accepted');
    expect((await ask(method, key, CALLER, expiresAt)).outcome).toBe('refused');
    expect((await ask(method, key, { ...CALLER, address: '10.0.0.1' }, 0)).outcome).toBe('refused');
  });

  it('no other key is accepted, nor refused: nobody can tell', async () => {
    const { key } = await createKey(store);
    const { key: revoked, id } = await createKey(store);
    await outcomeOf(method, revoked);
    await store.revoke(id, new Date());
    pass(900);
    expect(await outcomeOf(method, revoked)).toBe('refused');
    store.fail(failure);
    pass(900);
    for (const other of [key, withOtherSecret(key), revoked]) {
      expect(await ask(method, other)).toEqual({ outcome: 'unavailable', reason: failure.message, retryAfter: 1 });
    }
  });

  it('the log says so once, and once when it is over, and nothing of the keys', async () => {
    const { key } = await createKey(store);
    await outcomeOf(method, key);
    store.fail(failure);
    for (let i = 0; i < 5; i++) {
      pass(1000);
      await outcomeOf(method, key);
      await outcomeOf(method, withOtherSecret(key));
    }
    store.fail(undefined);
    await outcomeOf(method, key);
    expect(logged()).toHaveLength(2);
    expect(logged().join()).toContain(failure.message);
    expect(logged().join()).not.toContain(secretOf(key).slice(0, -1));
  });
});

describe('a record that is not as documented', () => {
  it('makes its key unavailable, also when it was good before and when the store goes away', async () => {
    const { key, id, record } = await createKey(store);
    expect(await outcomeOf(method, key)).toBe('accepted');
    store.stored.set(id, { ...record, scopes: 'all' });
    pass(900);
    expect(await outcomeOf(method, key)).toBe('unavailable');
    store.fail(new Error('the store is away'));
    pass(900);
    expect(await outcomeOf(method, key)).toBe('unavailable');
  });

  it('is logged with its id and what is wrong, once in a while, and nothing secret', async () => {
    const { key, id, record } = await createKey(store);
    store.stored.set(id, { ...record, scopes: 'all' });
    for (let i = 0; i < 20; i++) {
      expect(await outcomeOf(method, key)).toBe('unavailable');
      pass(1000);
    }
    expect(logged()).toHaveLength(2);
    expect(logged()[0]).toContain(id);
    expect(logged()[0]).toContain('scopes takes');
    expect(logged().join()).not.toContain(secretOf(key));
    expect(logged().join()).not.toContain(record.hash);
  });
});
