import type { IncomingMessage } from 'node:http';
import { addressFilter, addressGroup } from './ranges.ts';

export { addressFilter, addressGroup, parseAddressRange } from './ranges.ts';

/** What is known of where a request came from. */
export type AddressSource = Pick<IncomingMessage, 'headers' | 'socket'>;

/** The address of the client that sent a request. */
export type ClientAddress = (request: AddressSource) => string;

/** How many proxies of `X-Forwarded-For` are looked through. */
const MAX_HOPS = 20;

/**
 * The address at the other end of the socket; or, when that is a trusted proxy, the last address in `X-Forwarded-For`
 * that is not one: what stands before it is a client's own claim. Addresses are as `node:net` writes them, and IPv4
 * never as mapped IPv6; without a socket, it is empty.
 *
 * @param trustedProxies addresses and ranges in CIDR notation. Throws an `Error` for a wrong one.
 */
export function clientAddress(trustedProxies: readonly string[]): ClientAddress {
  const isTrusted = addressFilter(trustedProxies);
  return ({ headers, socket }) => {
    const peer = plain(socket.remoteAddress ?? '');
    if (trustedProxies.length === 0 || !isTrusted(peer)) return peer;
    const header = headers['x-forwarded-for'];
    const hops = (Array.isArray(header) ? header.join(',') : (header ?? '')).split(',').slice(-MAX_HOPS);
    let address = peer;
    for (const hop of hops.toReversed()) {
      const next = plain(hop.trim());
      // What a trusted proxy did not write as an address tells nothing, and neither does what stands before it.
      if (addressGroup(next) === undefined) break;
      address = next;
      if (!isTrusted(next)) break;
    }
    return address;
  };
}

function plain(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address;
}
