import { BlockList, isIP, SocketAddress } from 'node:net';

const MAPPED = '::ffff:';

interface AddressRange {
  readonly address: string;
  readonly family: 'ipv4' | 'ipv6';
  /** Bits that count. */
  readonly prefix: number;
}

/**
 * Reads an address or a range in CIDR notation (RFC 4632, RFC 4291 section 2.3), of IPv4 or IPv6. Throws an Error that
 * says what it takes.
 */
export function parseAddressRange(text: string): AddressRange {
  const [address = '', bits, ...rest] = text.split('/');
  const version = address.includes('%') ? 0 : isIP(address);
  const length = version === 4 ? 32 : 128;
  const prefix = bits === undefined ? length : /^(?:0|[1-9]\d{0,2})$/.test(bits) ? Number(bits) : Infinity;
  if (version === 0 || prefix > length || rest.length > 0) {
    throw new Error(`"${text}" is no address; an IPv4 or IPv6 address is taken, or a range such as 10.0.0.0/8`);
  }
  if (version === 6 && canonical(address).startsWith(MAPPED) && canonical(address).includes('.')) {
    throw new Error(`"${text}" is an IPv4 address in IPv6; it is taken as IPv4, such as 10.0.0.0/8`);
  }
  return { address, family: version === 4 ? 'ipv4' : 'ipv6', prefix };
}

/**
 * Whether an address is in one of the ranges. An IPv4 address that a socket shows as IPv6 (`::ffff:10.0.0.1`) is
 * looked for among the ranges of IPv4 only; what is no address is in none. Throws an Error for a wrong range.
 */
export function addressFilter(ranges: readonly string[]): (address: string) => boolean {
  // One list for both would find IPv4 addresses in ranges of IPv6, such as ::/0.
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const { address, family, prefix } of ranges.map(parseAddressRange)) {
    lists[family].addSubnet(address, prefix, family);
  }
  return (address) => {
    const version = isIP(address);
    if (version === 0) return false;
    if (version === 4) return lists.ipv4.check(address, 'ipv4');
    const text = canonical(address);
    const mapped = text.startsWith(MAPPED) ? text.slice(MAPPED.length) : '';
    return isIP(mapped) === 4 ? lists.ipv4.check(mapped, 'ipv4') : lists.ipv6.check(text, 'ipv6');
  };
}

/** An IPv6 address in its one short form (RFC 5952), without a zone. */
function canonical(address: string): string {
  return new SocketAddress({ address, family: 'ipv6' }).address;
}

/**
 * What counts as one client: an IPv4 address, or the /64 of an IPv6 address, within which a client has any number of
 * addresses (RFC 6177). Undefined for what is no address.
 */
export function addressGroup(address: string): string | undefined {
  const version = isIP(address);
  if (version === 4) return address;
  if (version === 0) return undefined;
  const text = canonical(address);
  const mapped = text.startsWith(MAPPED) ? text.slice(MAPPED.length) : '';
  if (isIP(mapped) === 4) return mapped;
  const [head = '', tail] = text.split('::');
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - groups.length - rest.length;
  const all = [...groups, ...Array.from({ length: zeros }, () => '0'), ...rest];
  return `${all.slice(0, 4).join(':')}::/64`;
}
