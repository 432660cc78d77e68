import type { IncomingMessage, ServerResponse } from 'node:http';

const REQUEST_ID = 'x-request-id';
/** Ids of all usual makers, and nothing that is more than a word in a log, in a header or in a URL. */
const ID = /^[\w.:+/=@-]{1,128}$/;

/** RFC 9110, section 7.2, without what no name of a host has. It may be empty. */
const HOST = /^(?:[\w.-]{1,253}|\[[\da-f:.]{2,45}\])?(?::\d{1,5})?$/i;

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
 * puts one behind the other, so that a path in a Host would be taken for that of the request, which is the one that
 * proxies, and plugins, have decided by.
 */
export function addressCheck(): (request: IncomingMessage, response: ServerResponse) => boolean {
  // It is almost always the same one.
  let good = '';
  return ({ url = '', headers: { host = '' } }, response) => {
    const isPath = url.startsWith('/') || url === '*';
    if (isPath && host === good) return false;
    if (isPath && HOST.test(host) && (host === '' || URL.canParse(`http://${host}`))) {
      good = host;
      return false;
    }
    response.writeHead(400, { 'content-length': '0', connection: 'close' }).end();
    return true;
  };
}
