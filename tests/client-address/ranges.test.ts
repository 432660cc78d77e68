import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressFilter } from '../../plugins/client-address/index.ts';

/** An address as the number that it is. */
interface Address {
  readonly bits: 32 | 128;
  readonly number: bigint;
}

const v4: fc.Arbitrary<Address> = fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }).map((number) => ({ bits: 32, number }));
const v6: fc.Arbitrary<Address> = fc
  .bigInt({ min: 0n, max: 2n ** 128n - 1n })
  .filter((number) => number >> 32n !== 0xffffn)
  .map((number) => ({ bits: 128, number }));
const address = fc.oneof(v4, v6);
const range = address.chain((base) => fc.nat(base.bits).map((prefix) => ({ base, prefix })));

/** An address that has at least the first `prefix` bits of `base`. */
function near(base: Address, prefix: number, rest: bigint): Address {
  const free = BigInt(base.bits - prefix);
  return { ...base, number: ((base.number >> free) << free) | (rest & (2n ** free - 1n)) };
}

function isIn({ base, prefix }: { base: Address; prefix: number }, candidate: Address): boolean {
  const free = BigInt(base.bits - prefix);
  return candidate.bits === base.bits && candidate.number >> free === base.number >> free;
}

function text({ bits, number }: Address): string {
  const size = bits === 32 ? 8n : 16n;
  const count = bits === 32 ? 4 : 8;
  const parts = Array.from({ length: count }, (_, i) => (number >> (size * BigInt(count - 1 - i))) & (2n ** size - 1n));
  return bits === 32 ? parts.join('.') : parts.map((part) => part.toString(16)).join(':');
}

const cidr = ({ base, prefix }: { base: Address; prefix: number }): string => `${text(base)}/${prefix}`;

describe('allowed addresses', () => {
  it('are those that share the bits of a range, of its own IP version, and no others', () => {
    const far = fc.tuple(fc.array(range, { minLength: 1, maxLength: 4 }), address);
    const close = fc
      .tuple(fc.array(range, { minLength: 1, maxLength: 4 }), fc.nat(128), fc.bigInt({ min: 0n, max: 2n ** 128n }))
      .map(([ranges, shared, rest]) => {
        const base = (ranges[0] as (typeof ranges)[0]).base;
        return [ranges, near(base, Math.min(shared, base.bits), rest)] as const;
      })
      .filter(([, { bits, number }]) => bits === 32 || number >> 32n !== 0xffffn);
    fc.assert(
      fc.property(fc.oneof(far, close), ([ranges, candidate]) => {
        const expected = ranges.some((one) => isIn(one, candidate));
        expect(addressFilter(ranges.map(cidr))(text(candidate))).toBe(expected);
      }),
      { numRuns: 1000 },
    );
  });

  it('are the same for an IPv4 caller that the socket shows as IPv6, in any spelling', () => {
    fc.assert(
      fc.property(fc.array(range, { minLength: 1, maxLength: 4 }), v4, (ranges, caller) => {
        const allows = addressFilter(ranges.map(cidr));
        const asHex = `${(caller.number >> 16n).toString(16)}:${(caller.number & 0xffffn).toString(16)}`;
        const expected = allows(text(caller));
        expect(allows(`::ffff:${text(caller)}`)).toBe(expected);
        expect(allows(`::FFFF:${asHex}`)).toBe(expected);
        expect(allows(`0:0:0:0:0:ffff:${asHex}`)).toBe(expected);
      }),
    );
  });

  it('may be given one by one', () => {
    const allows = addressFilter(['192.0.2.7', '2001:db8::7']);
    expect(['192.0.2.7', '::ffff:192.0.2.7', '2001:db8::7', '2001:0DB8:0::0007'].every(allows)).toBe(true);
    expect(['192.0.2.8', '2001:db8::8'].some(allows)).toBe(false);
  });

  it('do not hang on the interface that a link-local address came in by', () => {
    expect(addressFilter(['fe80::/10'])('fe80::1%lo')).toBe(true);
  });

  it('are all of one IP version for a range of everything', () => {
    const [every4, every6] = [addressFilter(['0.0.0.0/0']), addressFilter(['::/0'])];
    expect([every4('10.0.0.1'), every4('::ffff:10.0.0.1'), every4('::1')]).toEqual([true, true, false]);
    expect([every6('10.0.0.1'), every6('::ffff:10.0.0.1'), every6('::1')]).toEqual([false, false, true]);
  });

  it('are never what is no address', () => {
    const allows = addressFilter(['0.0.0.0/0', '::/0']);
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.constantFrom('', 'unknown', '10.0.0.1:80', '10.0.0.1, 10.0.0.2')), (any) => {
        fc.pre(!/^[\d.]+$/.test(any) && !/^[\da-f:.]+$/i.test(any));
        expect(allows(any)).toBe(false);
      }),
    );
  });

  it.each([
    '',
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/',
    '10.0.0.0/08',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0',
    'localhost',
    'fe80::1%lo',
    '::ffff:10.0.0.0/104',
    '10.0.0.0/0x8',
  ])('refuse the range %j', (wrong) => {
    expect(() => addressFilter(['10.0.0.0/8', wrong])).toThrow(/is taken/);
  });
});
