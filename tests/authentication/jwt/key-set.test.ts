import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { jwtMethod } from '../../../plugins/authentication/jwt/index.ts';
import type { AuthenticationMethod } from '../../../plugins/authentication/method.ts';
import { JWT_RESOURCE, startIdentityProvider, type IdentityProvider } from '../../harness/identity-provider.ts';
import { until } from '../../harness/until.ts';
import { recordingLogger } from '../../redis/recording-logger.ts';
import { hang, json, startAnswering, type Answer } from './answering-server.ts';
import { bearer, CALLER, forged, verdictOn } from './bearer.ts';

const COOLDOWN = 5_000;
const TEN_MINUTES = 600_000;
const UNKNOWN = { outcome: 'refused', reason: 'unknown key' };
const UNAVAILABLE = { outcome: 'unavailable', retryAfter: 1, reason: 'the keys of the issuer cannot be fetched' };

let idp: IdentityProvider;
let methods: AuthenticationMethod[];

beforeEach(async () => {
  idp = await startIdentityProvider();
  methods = [];
});

afterEach(async () => {
  for (const method of methods) await method.close?.();
  await idp[Symbol.asyncDispose]();
});

function trusting(jwksUri: string, log = recordingLogger().log): AuthenticationMethod {
  const method = jwtMethod({ issuers: [{ issuer: idp.issuer, audience: JWT_RESOURCE, jwksUri }], log });
  methods.push(method);
  return method;
}

/** One that has its keys already. */
async function started(): Promise<AuthenticationMethod> {
  const method = trusting(idp.jwksUri);
  await accepts(method, await idp.jwt());
  expect(idp.keySetRequests()).toBe(1);
  return method;
}

async function accepts(method: AuthenticationMethod, token: string, now?: number): Promise<void> {
  expect(await verdictOn(method, token, now)).toMatchObject({ outcome: 'accepted' });
}

/** Signed now, valid for an hour. */
function lasting(): Promise<string> {
  return idp.sign({ sub: 'alice', jti: crypto.randomUUID(), exp: Math.floor(Date.now() / 1000) + 3600 });
}

function ofUnknownKey(kid: string): string {
  const exp = Math.floor(Date.now() / 1000) + 3600;
  return forged({ alg: 'RS256', kid }, { iss: idp.issuer, aud: JWT_RESOURCE, sub: 'eve', exp });
}

describe('when the provider signs with a new key', () => {
  test('no good token is refused among many at the same time, and the keys are asked for once', async () => {
    const method = await started();
    const old = await Promise.all(Array.from({ length: 50 }, lasting));
    await idp.rotateKey();
    const fresh = await Promise.all(Array.from({ length: 50 }, lasting));
    const verdicts = await Promise.all([...fresh, ...old, ...fresh].map((token) => verdictOn(method, token)));
    expect(verdicts.filter(({ outcome }) => outcome !== 'accepted')).toEqual([]);
    expect(idp.keySetRequests()).toBe(2);
  });

  test('and with another within the cooldown, a token waits for its end and is not refused', async () => {
    const method = await started();
    const begun = Date.now();
    await idp.rotateKey();
    await accepts(method, await lasting(), begun);
    await idp.rotateKey();
    await accepts(method, await lasting(), begun + COOLDOWN - 50);
    expect(idp.keySetRequests()).toBe(3);
  });

  test('tokens of a key that it took back are refused once the set was asked for, also remembered ones', async () => {
    const method = await started();
    const now = Date.now();
    const old = await lasting();
    await accepts(method, old, now);
    await idp.rotateKey();
    idp.retireOldKeys();
    await accepts(method, await lasting(), now);
    expect(await verdictOn(method, old, now + COOLDOWN)).toEqual(UNKNOWN);
  });

  test('a set in use is asked for again after ten minutes, while tokens are answered from memory', async () => {
    const method = await started();
    const old = await lasting();
    await accepts(method, old);
    await idp.rotateKey();
    idp.retireOldKeys();
    const later = Date.now() + TEN_MINUTES;
    expect(method.authenticate(bearer(old), CALLER, later - 10_000)).toMatchObject({ outcome: 'accepted' });
    expect(idp.keySetRequests()).toBe(1);
    expect(method.authenticate(bearer(old), CALLER, later)).toMatchObject({ outcome: 'accepted' });
    await until('the old key to be forgotten', async () => {
      const verdict = await verdictOn(method, old, later + COOLDOWN);
      return verdict.outcome === 'refused';
    });
  });
});

describe('a flood of tokens with unknown keys', () => {
  test('of 1,000 at once has the keys asked for once', async () => {
    const method = await started();
    const tokens = Array.from({ length: 1000 }, (_, index) => ofUnknownKey(`made-up-${index}`));
    const verdicts = await Promise.all(tokens.map((token) => verdictOn(method, token)));
    expect(verdicts.filter(({ outcome }) => outcome !== 'refused')).toEqual([]);
    expect(idp.keySetRequests()).toBe(2);
  });

  test('has the keys asked for once in a cooldown, whether its kids are always new or always the same', async () => {
    const method = await started();
    const begun = Date.now();
    expect(await verdictOn(method, ofUnknownKey('a'), begun)).toEqual(UNKNOWN);
    expect(idp.keySetRequests()).toBe(2);
    for (let ms = 0; ms < COOLDOWN; ms += 100) {
      expect(await verdictOn(method, ofUnknownKey('a'), begun + ms)).toEqual(UNKNOWN);
    }
    expect(idp.keySetRequests()).toBe(2);
    const waiting = ['b', 'c', 'd'].map((kid) => verdictOn(method, ofUnknownKey(kid), begun + COOLDOWN - 50));
    expect(await Promise.all(waiting)).toEqual([UNKNOWN, UNKNOWN, UNKNOWN]);
    expect(idp.keySetRequests()).toBe(3);
  });

  test('does not turn away tokens whose key is known', async () => {
    const method = await started();
    const flood = Array.from({ length: 200 }, (_, index) => verdictOn(method, ofUnknownKey(`made-up-${index}`)));
    await accepts(method, await lasting());
    await Promise.all(flood);
  });

  test('beyond 1,000 that wait for the cooldown to end are told to come back', async () => {
    const method = await started();
    const begun = Date.now();
    await verdictOn(method, ofUnknownKey('a'), begun);
    const tokens = Array.from({ length: 1001 }, (_, index) => ofUnknownKey(`made-up-${index}`));
    const now = begun + COOLDOWN - 500;
    const verdicts = await Promise.all(tokens.map((token) => verdictOn(method, token, now)));
    expect(verdicts.filter(({ outcome }) => outcome === 'unavailable')).toEqual([UNAVAILABLE]);
  });
});

describe('while the provider is down', () => {
  test('tokens whose key is known go on, for longer than the set is fresh', async () => {
    const method = await started();
    const [remembered, unseen] = await Promise.all([lasting(), lasting()]);
    await accepts(method, remembered);
    await idp.stop();
    await accepts(method, remembered, Date.now() + 2 * TEN_MINUTES);
    await accepts(method, unseen, Date.now() + 3 * TEN_MINUTES);
  });

  test('nobody can tell whether a token of an unknown key is good', async () => {
    const method = await started();
    await idp.stop();
    expect(await verdictOn(method, ofUnknownKey('a'))).toEqual(UNAVAILABLE);
    expect(await verdictOn(method, ofUnknownKey('a'))).toEqual(UNAVAILABLE);
  });

  test('from the start, its tokens are unavailable, and accepted when it is up; the log tells of both', async () => {
    const token = await idp.jwt();
    await idp.stop();
    const { log, lines } = recordingLogger();
    const method = trusting(idp.jwksUri, log);
    expect(await verdictOn(method, token)).toEqual(UNAVAILABLE);
    await idp.start();
    await until('the token to be accepted', async () => (await verdictOn(method, token)).outcome === 'accepted');
    expect(lines()).toEqual([
      expect.stringMatching(/^warn: The key set of an issuer cannot be asked .*"reason":"could not be reached/),
      expect.stringContaining('info: The key set of an issuer can be asked again'),
    ]);
  });

  test('it is asked once for a flood, and again only after a pause', async () => {
    await using server = await startAnswering(json({}, 500));
    const method = trusting(server.url);
    const now = Date.now();
    const tokens = Array.from({ length: 300 }, (_, index) => ofUnknownKey(`made-up-${index}`));
    await Promise.all(tokens.map((token) => verdictOn(method, token, now)));
    expect(await verdictOn(method, ofUnknownKey('later'), now + 500)).toEqual(UNAVAILABLE);
    expect(server.requests()).toBe(1);
    await Promise.all(tokens.map((token) => verdictOn(method, token, now + 10_000)));
    expect(server.requests()).toBe(2);
  });
});

describe('what is not a key set is no answer, and the last good set serves on', () => {
  const faults: [string, Answer][] = [
    ['an error', json({ keys: [] }, 500)],
    ['HTML', (response) => response.end('<html>')],
    ['JSON of another kind', json(['keys'])],
    ['keys that are none', json({ keys: [7] })],
    ['more than 256 KiB', json({ keys: [], padding: 'x'.repeat(256 * 1024) })],
    ['a broken connection', (response) => response.destroy()],
    ['nothing, for three seconds', hang],
  ];

  test.each(faults)('%s', async (_name, fault) => {
    await using server = await startAnswering(json({ keys: [idp.publicKey()] }));
    const method = trusting(server.url);
    await accepts(method, await lasting());
    server.answerWith(fault);
    expect(await verdictOn(method, ofUnknownKey('a'))).toEqual(UNAVAILABLE);
    await accepts(method, await lasting());
  });
});

test('a redirect is not followed', async () => {
  await using elsewhere = await startAnswering(json({ keys: [idp.publicKey()] }));
  await using server = await startAnswering(json({ keys: [] }, 302, { location: elsewhere.url }));
  expect(await verdictOn(trusting(server.url), await lasting())).toEqual(UNAVAILABLE);
  expect(elsewhere.requests()).toBe(0);
});

test('a token without a kid is accepted when any key of the set has signed it, also a new one', async () => {
  await idp.rotateKey();
  const method = await started();
  const withoutKid = () => idp.sign({ sub: 'alice', jti: crypto.randomUUID() }, { kid: undefined });
  await accepts(method, await withoutKid());
  await idp.rotateKey();
  await accepts(method, await withoutKid());
  await accepts(method, await withoutKid());
  expect(idp.keySetRequests()).toBe(2);
});

test('closing ends the wait for a cooldown', async () => {
  const method = await started();
  const now = Date.now();
  expect(await verdictOn(method, ofUnknownKey('a'), now)).toEqual(UNKNOWN);
  const verdict = verdictOn(method, ofUnknownKey('b'), now);
  await setImmediate();
  await method.close?.();
  expect(await verdict).toEqual(UNAVAILABLE);
  expect(Date.now() - now).toBeLessThan(COOLDOWN / 2);
  expect(idp.keySetRequests()).toBe(2);
});

test('closing ends a request', async () => {
  await using server = await startAnswering(hang);
  const method = trusting(server.url);
  const verdict = verdictOn(method, await idp.jwt());
  await until('the request', () => server.requests());
  await method.close?.();
  expect(await verdict).toEqual(UNAVAILABLE);
});
