import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addressGroup, clientAddress, type AddressSource } from '../../plugins/client-address/index.ts';

const PROXIES = ['10.0.0.0/8', 'fd00::/8'];

function from(remoteAddress: string | undefined, forwarded?: string): AddressSource {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
  return { headers, socket: { remoteAddress } as AddressSource['socket'] };
}

describe('the address of a client', () => {
  const addressOf = clientAddress(PROXIES);

  test.each([
    ['203.0.113.7', undefined, '203.0.113.7'],
    ['203.0.113.7', '192.0.2.1', '203.0.113.7'],
    ['::ffff:203.0.113.7', '192.0.2.1', '203.0.113.7'],
    ['10.0.0.1', undefined, '10.0.0.1'],
    ['10.0.0.1', '', '10.0.0.1'],
    ['10.0.0.1', '192.0.2.1', '192.0.2.1'],
    ['::ffff:10.0.0.1', '192.0.2.1', '192.0.2.1'],
    ['fd00::1', '2001:db8::1', '2001:db8::1'],
    ['10.0.0.1', '::ffff:192.0.2.1', '192.0.2.1'],
    ['10.0.0.1', '198.51.100.1, 192.0.2.1', '192.0.2.1'],
    ['10.0.0.1', ' 198.51.100.1 ,192.0.2.1 , 10.0.0.2 ', '192.0.2.1'],
    ['10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['10.0.0.1', '192.0.2.1, unknown', '10.0.0.1'],
    ['10.0.0.1', '192.0.2.1, unknown, 10.0.0.2', '10.0.0.2'],
    ['10.0.0.1', '192.0.2.1,', '10.0.0.1'],
    ['10.0.0.1', '192.0.2.1:4711', '10.0.0.1'],
    [undefined, '192.0.2.1', ''],
  ])('at %s with X-Forwarded-For: %s is %s', (peer, forwarded, expected) => {
    expect(addressOf(from(peer, forwarded))).toBe(expected);
  });

  test('is the peer, when no proxy is trusted', () => {
    const peerOf = clientAddress([]);
    for (const peer of ['10.0.0.1', '127.0.0.1', '::1']) expect(peerOf(from(peer, '192.0.2.1'))).toBe(peer);
  });

  test('is the last that is no proxy of ours; whatever a client writes before it changes nothing', () => {
    const proxy = fc.constantFrom('10.0.0.1', '10.255.255.255', 'fd00::1');
    const client = fc.constantFrom('192.0.2.1', '2001:db8::1', '9.255.255.255', '11.0.0.0');
    const claims = fc.array(fc.oneof(client, proxy, fc.string()), { maxLength: 5 });
    fc.assert(
      fc.property(proxy, claims, client, fc.array(proxy, { maxLength: 5 }), (peer, before, real, after) => {
        expect(addressOf(from(peer, [...before, real, ...after].join(',')))).toBe(real);
      }),
    );
  });

  test('is looked for through 20 proxies, and no further', () => {
    const chain = (proxies: number) => ['192.0.2.1', ...Array.from({ length: proxies }, () => '10.0.0.2')].join(',');
    expect(addressOf(from('10.0.0.1', chain(19)))).toBe('192.0.2.1');
    expect(addressOf(from('10.0.0.1', chain(20)))).toBe('10.0.0.2');
    expect(addressOf(from('10.0.0.1', '1,'.repeat(1_000_000)))).toBe('10.0.0.1');
  });

  test('is not found with a wrong range, which is named', () => {
    expect(() => clientAddress(['10.0.0.0/33'])).toThrow('10.0.0.0/33');
  });
});

describe('what counts as one client', () => {
  const groups = (number: bigint): string[] =>
    Array.from({ length: 8 }, (_, at) => ((number >> BigInt(112 - 16 * at)) & 0xffffn).toString(16));

  /** An IPv6 address in full, with leading zeros or in capitals, or with one run of zeros left out. */
  function spellings(number: bigint): string[] {
    const parts = groups(number);
    const full = parts.join(':');
    const short = parts.flatMap((part, at) => {
      if (part !== '0') return [];
      const until = parts.findIndex((other, index) => index > at && other !== '0');
      const end = until === -1 ? parts.length : until;
      return [`${parts.slice(0, at).join(':')}::${parts.slice(end).join(':')}`];
    });
    return [full, full.toUpperCase(), parts.map((part) => part.padStart(4, '0')).join(':'), ...short];
  }

  /** With many zeros among the groups. */
  const v6 = fc
    .array(fc.oneof(fc.constant(0n), fc.constant(1n), fc.bigInt({ min: 0n, max: 0xffffn })), {
      minLength: 8,
      maxLength: 8,
    })
    .map((parts) => parts.reduce((number, part) => (number << 16n) | part, 0n))
    .filter((number) => number >> 32n !== 0xffffn);
  const v4 = fc.tuple(...Array.from({ length: 4 }, () => fc.nat(255))).map((parts) => parts.join('.'));

  test('is the first half of an IPv6 address, in any spelling', () => {
    const pair = v6.chain((one) => {
      const near = fc.tuple(fc.nat(128), fc.bigInt({ min: 0n, max: 2n ** 128n - 1n })).map(([shared, rest]) => {
        const free = BigInt(128 - shared);
        return ((one >> free) << free) | (rest & (2n ** free - 1n));
      });
      return fc.tuple(fc.constant(one), fc.oneof(near, v6)).filter(([, other]) => other >> 32n !== 0xffffn);
    });
    fc.assert(
      fc.property(pair, ([one, other]) => {
        const isOne = one >> 64n === other >> 64n;
        const names = new Set(spellings(one).map(addressGroup));
        expect(names.size).toBe(1);
        expect([...names]).not.toContain(undefined);
        for (const text of spellings(other)) expect(names.has(addressGroup(text))).toBe(isOne);
      }),
      { numRuns: 1_000 },
    );
  });

  test('is an IPv4 address, also when it stands in IPv6, and never an IPv6 one', () => {
    fc.assert(
      fc.property(v4, v6, (one, other) => {
        expect(addressGroup(one)).toBe(one);
        expect(addressGroup(`::ffff:${one}`)).toBe(one);
        expect(addressGroup(`::FFFF:${one}`)).toBe(one);
        for (const text of spellings(other)) expect(addressGroup(text)).not.toBe(one);
      }),
    );
  });

  test.each(['', 'unknown', '1', '1.2.3', '1.2.3.4:80', '[::1]', '::1, ::2', ':::', '1.2.3.4 '])(
    'is nothing that is no address: %j',
    (text) => {
      expect(addressGroup(text)).toBe(undefined);
    },
  );
});
