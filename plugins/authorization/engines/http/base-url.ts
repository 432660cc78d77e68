const TAKES = 'an https:// URL, or an http:// URL of a loopback host, without password, query and fragment';

/**
 * The URL that a decision point's paths stand below. What decides who may see what must not come from an unknown hand:
 * plain HTTP is for loopback hosts (localhost, 127.0.0.1, [::1]). Throws an `Error` that names the option and what it
 * takes, and does not repeat a password.
 */
export function baseUrl(factory: string, text: unknown): { readonly origin: string; readonly path: string } {
  const url = typeof text === 'string' ? URL.parse(text) : null;
  if (!url || !isSafe(url) || `${url.username}${url.password}${url.search}${url.hash}` !== '') {
    throw new Error(`${factory}: url takes ${TAKES}`);
  }
  return { origin: url.origin, path: url.pathname.replace(/\/+$/, '') };
}

function isSafe({ protocol, hostname }: URL): boolean {
  if (protocol !== 'http:') return protocol === 'https:';
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}
