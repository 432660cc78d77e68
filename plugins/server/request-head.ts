import type { IncomingMessage, ServerResponse } from 'node:http';

const REQUEST_ID = 'x-request-id';
/** Ids of all usual makers, and nothing that is more than a word in a log, in a header or in a URL. */
const ID = /^[\w.:+/=@-]{1,128}$/;

/** RFC 9110, section 7.2, without what no name of a host has. It may be empty. */
const HOST = /^(?:[\w.-]{1,253}|\[[\da-f:.]{2,45}\])?(?::\d{1,5})?$/i;

/** What a URL has not, or is taken out of it (WHATWG URL, "path state"): `/a/../graphql` is `/graphql`. */
const NOT_PLAIN = /[#\\]|\/(?:\.|%2e){1,2}(?:\/|$)/i;

/** Takes back the id that a client gave its request, where it is not one: the request gets one of the gateway's then. */
export function dropBadRequestId(request: IncomingMessage): void {
  const id = request.headers[REQUEST_ID];
  if (id === undefined || ID.test(String(id))) return;
  delete request.headers[REQUEST_ID];
  const { rawHeaders } = request;
  for (let at = rawHeaders.length - 2; at >= 0; at -= 2) {
    if (rawHeaders[at]?.toLowerCase() === REQUEST_ID) rawHeaders.splice(at, 2);
  }
}

/**
 * Gives whether it has answered: with 400, where Host and path together are not the URL that they look like. The gateway
 * puts one behind the other and reads them as browsers do, so that it would execute under a path that proxies, and
 * plugins, have taken for another.
 */
export function addressCheck(): (request: IncomingMessage, response: ServerResponse) => boolean {
  // It is almost always the same one.
  let good = '';
  const isHost = (host: string): boolean => {
    if (host === good) return true;
    const isGood = HOST.test(host) && (host === '' || URL.canParse(`http://${host}`));
    if (isGood) good = host;
    return isGood;
  };
  return ({ url = '', headers: { host = '' } }, response) => {
    if (isPlainPath(url) && isHost(host)) return false;
    response.writeHead(400, { 'content-length': '0', connection: 'close' }).end();
    return true;
  };
}

function isPlainPath(url: string): boolean {
  const query = url.indexOf('?');
  const path = query === -1 ? url : url.slice(0, query);
  return (path.startsWith('/') && !NOT_PLAIN.test(path) && !url.includes('#', query)) || url === '*';
}
