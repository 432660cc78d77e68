import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { onlyOne, presentedIn, type Presented } from '../../plugins/authentication/credential.ts';

const present = (authorization?: unknown, apiKey?: unknown): Presented =>
  presentedIn((name) => (name === 'authorization' ? authorization : apiKey));
const bearer = (token: string): Presented => ({ kind: 'one', credential: { scheme: 'bearer', token } });
const apiKey = (key: string): Presented => ({ kind: 'one', credential: { scheme: 'api-key', key } });
const malformed = expect.objectContaining({ kind: 'malformed' });

test.each([
  ['Bearer abc', bearer('abc')],
  ['bearer abc', bearer('abc')],
  ['BEARER   abc  ', bearer('abc')],
  ['Bearer aZ09-._~+/==', bearer('aZ09-._~+/==')],
  ['ApiKey gh_1', apiKey('gh_1')],
  ['apikey  gh_1 ', apiKey('gh_1')],
])('"%s" is a credential', (authorization, expected) => {
  expect(present(authorization)).toEqual(expected);
});

test.each([
  '',
  ' ',
  'Bearer',
  'Bearer ',
  'Bearerabc',
  ' Bearer abc',
  'Bearer\tabc',
  'Bearer a b',
  'Bearer a,Bearer b',
  'Bearer a=b',
  'Bearer "abc"',
  'Bearer ä',
  'Basic YTpi',
  'abc',
  'ApiKey',
  'ApiKey a b',
  0,
  false,
  {},
  [],
  ['Bearer abc'],
])('%j in the place of Authorization is never taken for none, nor for a credential', (authorization) => {
  expect(present(authorization)).toEqual(malformed);
});

describe('an API key', () => {
  test.each(['gh_1', ' gh_1 ', '\tgh_1'])('%j is taken without the spaces around it', (key) => {
    expect(present(undefined, key)).toEqual(apiKey('gh_1'));
  });

  test('that is empty is a wrong one, and not none', () => {
    expect(present(undefined, '')).toEqual(apiKey(''));
  });

  test.each([0, false, {}, ['gh_1']])('that is no text is malformed: %j', (key) => {
    expect(present(undefined, key)).toEqual(malformed);
  });
});

test.each([undefined, null])('%j in both places is none', (value) => {
  expect(present(value, value)).toEqual({ kind: 'none' });
});

test('two are refused, whatever they are', () => {
  const given = fc.anything().filter((value) => value !== undefined && value !== null);
  fc.assert(
    fc.property(given, given, (one, other) => {
      expect(present(one, other)).toEqual(malformed);
    }),
  );
});

test('of several places, there is one credential, or none, or it is refused', () => {
  const none: Presented = { kind: 'none' };
  const given: Presented[] = [bearer('abc'), { kind: 'malformed', reason: 'it is' }];
  expect(onlyOne()).toEqual(none);
  expect(onlyOne(none, none)).toEqual(none);
  for (const one of given) {
    expect(onlyOne(none, one, none)).toBe(one);
    for (const other of given) expect(onlyOne(one, none, other)).toEqual(malformed);
  }
});

test('however long a text is, it is read at once', () => {
  const long = 100_000;
  for (const text of [' '.repeat(long), 'a'.repeat(long), `${'a'.repeat(long)}!`, `${'='.repeat(long)}!`]) {
    const at = performance.now();
    for (const scheme of ['Bearer ', 'ApiKey ', 'bearer']) present(scheme + text);
    present(undefined, text);
    expect(performance.now() - at).toBeLessThan(250);
  }
});
