import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { connectRedis } from '../../plugins/redis/index.ts';
import { describeTarget, parseRedisUrl } from '../../plugins/redis/redis-url.ts';

describe('REDIS_URL', () => {
  it.each([
    ['redis://cache', { mode: 'standalone', node: { host: 'cache', port: 6379 }, db: 0, tls: false }],
    ['redis://cache/', { mode: 'standalone', node: { host: 'cache', port: 6379 }, db: 0, tls: false }],
    [' redis://127.0.0.1:7000/3\n', { mode: 'standalone', node: { host: '127.0.0.1', port: 7000 }, db: 3, tls: false }],
    ['redis://[::1]:7000', { mode: 'standalone', node: { host: '::1', port: 7000 }, db: 0, tls: false }],
    [
      'rediss://app:s%40cret%2F@cache:6380',
      {
        mode: 'standalone',
        node: { host: 'cache', port: 6380 },
        db: 0,
        tls: true,
        credentials: { username: 'app', password: 's@cret/' },
      },
    ],
    [
      'redis://:secret@cache',
      {
        mode: 'standalone',
        node: { host: 'cache', port: 6379 },
        db: 0,
        tls: false,
        credentials: { password: 'secret' },
      },
    ],
    [
      'redis://app:p@ss:word@cache',
      {
        mode: 'standalone',
        node: { host: 'cache', port: 6379 },
        db: 0,
        tls: false,
        credentials: { username: 'app', password: 'p@ss:word' },
      },
    ],
    [
      'redis+sentinel://app:secret@s1,s2:26380/main/2',
      {
        mode: 'sentinel',
        sentinels: [
          { host: 's1', port: 26_379 },
          { host: 's2', port: 26_380 },
        ],
        master: 'main',
        db: 2,
        tls: false,
        credentials: { username: 'app', password: 'secret' },
      },
    ],
    [
      'rediss+sentinel://s1/my%20master',
      { mode: 'sentinel', sentinels: [{ host: 's1', port: 26_379 }], master: 'my master', db: 0, tls: true },
    ],
    [
      'rediss+cluster://:secret@c1,[2001:db8::1]:7001,c3',
      {
        mode: 'cluster',
        seeds: [
          { host: 'c1', port: 6379 },
          { host: '2001:db8::1', port: 7001 },
          { host: 'c3', port: 6379 },
        ],
        tls: true,
        credentials: { password: 'secret' },
      },
    ],
    ['redis+cluster://c1:7000/', { mode: 'cluster', seeds: [{ host: 'c1', port: 7000 }], tls: false }],
  ])('%s is understood', (url, target) => {
    expect(parseRedisUrl(url)).toEqual(target);
  });

  it.each([
    ['localhost:6379', 'schemes'],
    ['http://cache', 'schemes'],
    ['REDIS://cache', 'schemes'],
    ['redis+sharded://cache', 'schemes'],
    ['redis://', 'host'],
    ['redis://:7000', 'host'],
    ['redis://cache:', 'host'],
    ['redis://cache:seven', 'host'],
    ['redis://::1', 'host'],
    ['redis://cache:0', 'port'],
    ['redis://cache:65536', 'port'],
    ['redis://cache/one', 'database'],
    ['redis://cache/1/2', 'database'],
    ['redis://cache/-1', 'database'],
    ['redis://a,b', 'several hosts'],
    ['redis://cache?db=1', 'parameters'],
    ['redis://user@cache', ':password'],
    ['redis://user:@cache', 'empty'],
    ['redis://user:50%@cache', 'percent-encoded'],
    ['redis+sentinel://s1,s2', 'name of the master'],
    ['redis+sentinel://s1//0', 'name of the master'],
    ['redis+sentinel://s1,/main', 'host'],
    ['redis+cluster://c1,c2/1', 'no database'],
  ])('%s is refused when the store is made, saying why and what it takes', (url, why) => {
    const made = (): unknown => connectRedis({ url });
    expect(made).toThrow(TypeError);
    expect(made).toThrow(/^REDIS_URL .*redis:\/\/.*redis\+sentinel:\/\/.*redis\+cluster:\/\//);
    expect(made).toThrow(why);
  });

  it('never shows a password, however it is mistyped', () => {
    const around = fc.constantFrom(
      '',
      '/',
      '@',
      ':',
      '?',
      '#',
      ',',
      '%',
      '[',
      ' ',
      'redis://',
      'redis+cluster://',
      '//',
    );
    const password = fc.uuid();
    fc.assert(
      fc.property(fc.array(around, { maxLength: 6 }), password, fc.array(around, { maxLength: 6 }), (a, secret, b) => {
        let shown: string;
        try {
          const target = parseRedisUrl(`redis://app:${a.join('')}${secret}${b.join('')}@cache`);
          shown = describeTarget(target);
        } catch (error) {
          shown = (error as Error).message;
        }
        expect(shown).not.toContain(secret);
      }),
    );
  });

  it('gives back any user, password, hosts and database that were percent-encoded into it', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
    const host = fc.record({ host: fc.domain(), port: fc.integer({ min: 1, max: 65_535 }) });
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.option(text, { nil: '' }),
        text,
        fc.array(host, { minLength: 1, maxLength: 4 }),
        text,
        fc.nat(1000),
        (tls, username, password, sentinels, master, db) => {
          const hosts = sentinels.map(({ host: name, port }) => `${name}:${port}`).join(',');
          const url = `${tls ? 'rediss' : 'redis'}+sentinel://${encodeURIComponent(username)}:${encodeURIComponent(password)}@${hosts}/${encodeURIComponent(master)}/${db}`;
          expect(parseRedisUrl(url)).toEqual({
            mode: 'sentinel',
            sentinels,
            master,
            db,
            tls,
            credentials: { password, ...(username !== '' && { username }) },
          });
        },
      ),
    );
  });
});
