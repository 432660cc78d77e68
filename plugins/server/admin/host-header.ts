import { isIP } from 'node:net';

/** `uri-host [ ":" port ]` (RFC 9110, section 7.2); the first group is an IPv6 address, the second any other host. */
const HOST = /^(?:\[([\da-f:.]+)\]|([^\s:@/?#[\]\\]+))(?::\d*)?$/i;

/**
 * Tells whether a `Host` header names this listener: `localhost`, an address, or one of `names`. A page whose own name was
 * pointed at this machine (DNS rebinding) says another, and a browser does not let it say these.
 */
export function ownHosts(names: readonly string[]): (header: string | undefined) => boolean {
  const own = new Set(['localhost', ...names.map((name) => name.toLowerCase())]);
  return (header) => {
    const [, v6, other] = HOST.exec(header ?? '') ?? [];
    if (v6 !== undefined) return isIP(v6) === 6;
    return other !== undefined && (isIP(other) === 4 || own.has(other.toLowerCase()));
  };
}

/** Whether it can stand in a `Host` header as it is, without a port. */
export function isHostName(text: string): boolean {
  return HOST.exec(text)?.[2] === text;
}
