import { afterEach, beforeEach, expect, test } from 'vitest';
import { type CredentialWatch, credentialWatch } from '../../plugins/authentication/credential-watch.ts';
import type { AuthenticationMethod, Credential, Verdict } from '../../plugins/authentication/method.ts';
import { ANONYMOUS, type Principal } from '../../plugins/request-context.ts';
import { until } from '../harness/until.ts';

const CALLER = { address: '127.0.0.1', origin: undefined };
const bearer = (token: string): Credential => ({ scheme: 'bearer', token });
const principal = (id: string, expiresAt?: number): Principal => ({
  ...ANONYMOUS,
  id,
  kind: 'user',
  method: 'introspection',
  expiresAt,
});

function method(review: AuthenticationMethod['review']): AuthenticationMethod {
  const never: Verdict = { outcome: 'refused', reason: 'not asked here' };
  return { name: 'introspection', recognizes: () => true, recall: () => undefined, authenticate: () => never, review };
}

let watch: CredentialWatch;
const stops: (() => void)[] = [];
beforeEach(() => void (watch = credentialWatch()));
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
  expect(watch.size()).toBe(0);
});

function told(credential: Credential, of: AuthenticationMethod, one: Principal): (Principal | undefined)[] {
  const heard: (Principal | undefined)[] = [];
  stops.push(watch.callerOf(credential, of, CALLER, one).watch((next) => void heard.push(next)));
  return heard;
}

test('a credential ends in time while nobody answers about others', async () => {
  const hanging = method(() => new Promise<Verdict>(() => {}));
  for (let n = 0; n < 30; n++) told(bearer(`hanging ${n}`), hanging, principal(`${n}`));
  // Two reviews later they are all asked about, and none was answered.
  const heard = told(bearer('short'), hanging, principal('short', Date.now() + 2_000));
  await until('the end', () => heard.length > 0);
  expect(heard).toEqual([undefined]);
});

test('all who share a credential are told, of one review, that it has become another and that it has ended', async () => {
  let asked = 0;
  const verdicts: Verdict[] = [
    { outcome: 'accepted', principal: principal('ada') },
    { outcome: 'refused', reason: 'revoked' },
  ];
  const changing = method(() => verdicts[asked++] ?? { outcome: 'refused', reason: 'revoked' });
  const ada = principal('ada');
  const both = [1, 2].map(() => told(bearer('shared'), changing, ada));
  await until('the end', () => both.every((heard) => heard.at(-1) === undefined && heard.length > 0));
  expect(both).toEqual([
    [expect.objectContaining({ id: 'ada' }), undefined],
    [expect.objectContaining({ id: 'ada' }), undefined],
  ]);
  expect(asked).toBe(2);
});

test('what cannot be told, or fails, leaves a credential as it is', async () => {
  let asked = 0;
  const failing = method(() => {
    if (++asked % 2 === 0) throw new Error('a method of somebody');
    return { outcome: 'unavailable', reason: 'away', retryAfter: 1 };
  });
  const heard = told(bearer('kept'), failing, principal('ada'));
  await until('two reviews', () => asked === 2);
  expect(heard).toEqual([]);
});
