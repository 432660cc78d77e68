import { describe, expect, test } from 'vitest';
import { presentedByConnection, presentedByRequest } from '../../plugins/authentication/request-credential.ts';

const bearer = (token: string) => ({ kind: 'one', credential: { scheme: 'bearer', token } });
const key = (text: string) => ({ kind: 'one', credential: { scheme: 'api-key', key: text } });
const NONE = { kind: 'none' };
const malformed = expect.objectContaining({ kind: 'malformed' });

describe('a request', () => {
  const present = (...lines: [name: string, value: string][]) =>
    presentedByRequest(new Headers(lines), { rawHeaders: lines.flat() });

  test('brings what stands in its headers', () => {
    expect(present()).toEqual(NONE);
    expect(present(['Authorization', 'Bearer abc'])).toEqual(bearer('abc'));
    expect(present(['X-API-Key', 'abc'])).toEqual(key('abc'));
  });

  test('with a header that comes twice is refused, though Node keeps the first alone', () => {
    const headers = new Headers({ authorization: 'Bearer abc' });
    for (const second of ['authorization', 'AUTHORIZATION', 'x-api-key']) {
      const rawHeaders = ['Authorization', 'Bearer abc', 'accept', '*/*', second, 'Bearer abc'];
      expect(presentedByRequest(headers, { rawHeaders })).toEqual(malformed);
    }
  });

  test('has no second credential in the value of another header', () => {
    const lines: [string, string][] = [
      ['x-note', 'authorization'],
      ['x-other', 'x-api-key'],
      ['authorization', 'Bearer abc'],
    ];
    expect(present(...lines)).toEqual(bearer('abc'));
  });

  test('that did not come over a socket brings what stands in its headers', () => {
    expect(presentedByRequest(new Headers({ authorization: 'Bearer abc' }), undefined)).toEqual(bearer('abc'));
  });
});

describe('a WebSocket', () => {
  const present = (payload: unknown, headers: Record<string, string> = {}, cookie?: string) =>
    presentedByConnection({ headers, rawHeaders: Object.entries(headers).flat() }, payload, cookie);

  test.each([undefined, null, 7, 'Bearer abc', [], ['authorization'], {}, { headers: 'Bearer abc' }, { headers: [] }])(
    'brings none in the payload %j',
    (payload) => {
      expect(present(payload)).toEqual(NONE);
    },
  );

  test.each([
    [{ authorization: 'Bearer abc' }, bearer('abc')],
    [{ AUTHORIZATION: 'Bearer abc' }, bearer('abc')],
    [{ 'X-Api-Key': 'abc' }, key('abc')],
    [{ headers: { Authorization: 'Bearer abc' } }, bearer('abc')],
    [{ authorization: null, headers: { 'x-api-key': 'abc' } }, key('abc')],
  ])('brings the one in the payload %j', (payload, expected) => {
    expect(present(payload)).toEqual(expected);
  });

  test.each([
    { authorization: 'Bearer abc', Authorization: 'Bearer abc' },
    { authorization: 'Bearer abc', 'x-api-key': 'abc' },
    { authorization: 'Bearer abc', headers: { authorization: 'Bearer abc' } },
    { authorization: ['Bearer abc'] },
    { 'x-api-key': { toString: 'abc' } },
    { Headers: {}, 'x-api-key': 7 },
  ])('is refused with the payload %j', (payload) => {
    expect(present(payload)).toEqual(malformed);
  });

  test('brings the one of its upgrade, and is refused with one in its payload beside that', () => {
    const upgrade = { authorization: 'Bearer abc' };
    expect(present({}, upgrade)).toEqual(bearer('abc'));
    expect(present({ authorization: 'Bearer abc' }, upgrade)).toEqual(malformed);
    const rawHeaders = ['authorization', 'Bearer abc', 'authorization', 'Bearer abc'];
    expect(presentedByConnection({ headers: upgrade, rawHeaders }, {}, undefined)).toEqual(malformed);
  });

  describe('with a cookie', () => {
    const session = { cookie: 'theme=dark; session=abc; session=def; xsession=ghi' };

    test('brings the first of its name, when it brings nothing else', () => {
      expect(present({}, session, 'session')).toEqual(bearer('abc'));
      expect(present({ 'x-api-key': 'key' }, session, 'session')).toEqual(key('key'));
      expect(present({ 'x-api-key': 7 }, session, 'session')).toEqual(malformed);
    });

    test('of another name, or none, brings nothing', () => {
      expect(present({}, session)).toEqual(NONE);
      for (const name of ['sess', 'dark', 'Session', '']) expect(present({}, session, name)).toEqual(NONE);
    });

    test('that holds no token is refused', () => {
      for (const cookie of ['session=', 'session="abc"', 'session=a b']) {
        expect(present({}, { cookie }, 'session')).toEqual(malformed);
      }
    });
  });
});
