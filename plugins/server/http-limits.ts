import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Logger } from '@graphql-hive/gateway';
import { checkWholeNumber } from './options.ts';

/** What a client may take of the server before anything is known of it. Times in ms. */
export interface HttpLimitOptions {
  /** How long a client may take to send the head of a request, a new connection's first one included; then 408. Default: 10,000. */
  readonly headersTimeout?: number;
  /** How long a client may take to send a whole request; then 408. Default: 30,000. */
  readonly requestTimeout?: number;
  /**
   * A connection on which nothing has moved for so long is cut off, such as one whose client does not read. 0: never.
   * WebSockets have limits of their own. Default: 120,000.
   */
  readonly socketTimeout?: number;
  /** The largest body that is read, of any request, in bytes; 413 for a larger one. Default: 1,048,576. */
  readonly maxBodyBytes?: number;
}

export type HttpLimits = Required<HttpLimitOptions>;

const DEFAULTS: HttpLimits = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  socketTimeout: 120_000,
  maxBodyBytes: 1_048_576,
};

/** Node looks every 30 s by itself, however short the limits are. In ms. */
const LONGEST_CHECK_INTERVAL = 1_000;

/**
 * ms that a connection stays open for the next request: longer than load balancers keep theirs (60 s is usual), so that it is
 * they who close it. Whoever sends a request just when the server closes gets none answered.
 */
const IDLE = 65_000;

/** ms for which what is too large is still taken, so that its sender gets to read the answer. */
const LINGER = 1_000;

const TOO_LARGE = JSON.stringify({
  errors: [{ message: 'The body of the request is too large.', extensions: { code: 'REQUEST_ENTITY_TOO_LARGE' } }],
});
const TOO_LARGE_HEADERS = {
  'content-type': 'application/json; charset=utf-8',
  'content-length': String(Buffer.byteLength(TOO_LARGE)),
  connection: 'close',
};

/** The options with the defaults in place. Throws an `Error` that names the option and what it takes. */
export function httpLimits(options: HttpLimitOptions): HttpLimits {
  const limits = { ...DEFAULTS };
  for (const name of Object.keys(DEFAULTS) as (keyof HttpLimits)[]) {
    limits[name] = options[name] ?? DEFAULTS[name];
    checkWholeNumber(name, limits[name], name === 'socketTimeout' ? 0 : 1);
  }
  if (limits.headersTimeout > limits.requestTimeout) {
    throw new Error('useServer: headersTimeout is longer than requestTimeout; it takes at most as long');
  }
  return limits;
}

/** To be called before the server listens. In place of the times that the CLI takes. */
export function limitServer(server: Server, { headersTimeout, requestTimeout, socketTimeout }: HttpLimits): void {
  const connectionsCheckingInterval = Math.min(LONGEST_CHECK_INTERVAL, headersTimeout);
  Object.assign(server, { headersTimeout, requestTimeout, connectionsCheckingInterval, keepAliveTimeout: IDLE });
  server.setTimeout(socketTimeout);
  // The size of all headers is bounded. Node would drop those beyond a number, and a credential among them.
  server.maxHeadersCount = 0;
}

/**
 * Gives whether it has answered: with 413, where the head tells that the body is too large. One whose length is not told
 * is counted while it is read, by whomever, and then answered likewise.
 */
export function bodyLimit({ maxBodyBytes }: HttpLimits, log: Pick<Logger, 'debug'> | undefined) {
  const refuse = (request: IncomingMessage, response: ServerResponse): void => {
    log?.debug({ limit: maxBodyBytes }, 'The body of a request was too large');
    if (response.headersSent) request.destroy();
    else refuseAtLength(request, response);
  };

  return (request: IncomingMessage, response: ServerResponse): boolean => {
    const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
    if (length !== undefined && Number(length) > maxBodyBytes) {
      refuse(request, response);
      return true;
    }
    if (encoding !== undefined) countBody(request, maxBodyBytes, () => refuse(request, response));
    return false;
  };
}

/**
 * Whoever still sends when a connection is closed is told so at once, and may never get to read why. So what comes is taken and
 * dropped for a while, and then it is closed.
 */
function refuseAtLength(request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(413, TOO_LARGE_HEADERS).write(TOO_LARGE);
  const end = (): void => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, LINGER);
  request.once('end', end).once('close', end).resume();
}

/** Node's parser hands over each part of a body by `push`. */
function countBody(request: IncomingMessage, limit: number, tooLarge: () => void): void {
  const push = request.push.bind(request);
  let bytes = 0;
  request.push = (chunk: Buffer | null) => {
    const before = bytes;
    bytes += chunk?.byteLength ?? 0;
    if (bytes <= limit) return push(chunk);
    if (before <= limit) tooLarge();
    return true;
  };
}
