import { isIP, isIPv4 } from 'node:net';
import { addressGroup } from '../../client-address/index.ts';
import type { KeyedHash } from '../sanitize/index.ts';

/**
 * How much of an address is written: `full`; `prefix`, the /24 of an IPv4 address and the /48 of an IPv6 address;
 * `hash`, a keyed hash of the whole, by which equal ones can be told to be equal; `none`.
 */
export type AddressMode = 'full' | 'prefix' | 'hash' | 'none';

export type WriteAddress = (address: string | undefined) => string | undefined;

const MAX_KNOWN = 10_000;

/** @param hash needed for `hash`. What is no address is never written. */
export function addressWriter(mode: AddressMode, hash: KeyedHash | undefined): WriteAddress {
  const write = (address: string): string | undefined => {
    if (isIP(address) === 0) return undefined;
    if (mode === 'full') return address;
    return mode === 'prefix' ? prefixOf(address) : hash?.(address);
  };
  if (mode === 'none') return () => undefined;
  // Clients come with the same address again and again.
  const known = new Map<string, string | undefined>();
  return (address) => {
    if (address === undefined || address === '') return undefined;
    if (known.has(address)) return known.get(address);
    const written = write(address);
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(address, written);
    return written;
  };
}

function prefixOf(address: string): string | undefined {
  const group = addressGroup(address);
  if (group === undefined) return undefined;
  // An IPv4 address, also where it was written as IPv6; or four parts of an IPv6 address.
  if (isIPv4(group)) return `${group.split('.').slice(0, 3).join('.')}.0/24`;
  return `${group.split(':').slice(0, 3).join(':')}::/48`;
}
