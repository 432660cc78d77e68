/**
 * The origin that a browser sends for pages at a URL (RFC 6454, section 6.2): lower case, and no default port. Throws
 * an Error for anything but an http or https URL without a path.
 */
export function parseOrigin(text: string): string {
  const url = URL.parse(text);
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:';
  if (!url || !isWeb || url.href !== `${url.origin}/`) {
    throw new Error(`"${text}" is no origin; one such as https://app.example.com is taken`);
  }
  return url.origin;
}
