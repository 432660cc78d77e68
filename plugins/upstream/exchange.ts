import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { tooLarge } from './failure.ts';
import type { Flight } from './flights.ts';

export interface ExchangeRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The largest body that is read, in bytes. */
  readonly maxBytes: number;
}

/** A response, read to its end. */
export interface Exchange {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * One request and its whole response over a pool of connections. Streams on both ways would cost several times what the
 * exchange itself does, and no answer is used before it is complete.
 *
 * Its answer rejects with `CallFailed` for what is too large, or with the error of the connection.
 */
export function exchange(
  pool: Dispatcher,
  { url, method, headers, body, maxBytes }: ExchangeRequest,
): Flight<Exchange> {
  const { promise, resolve, reject } = Promise.withResolvers<Exchange>();
  let controller: Dispatcher.DispatchController | undefined;
  let given: { readonly error: Error } | undefined;
  let head: Head | undefined;
  const chunks: Buffer[] = [];
  let size = 0;

  const giveUp = (reason: unknown): void => {
    const error = reason as Error;
    given ??= { error };
    reject(error);
    controller?.abort(error);
  };

  const { origin, path } = placeOf(pool, url);
  pool.dispatch(
    { origin, path, method, headers, body },
    {
      onRequestStart(started) {
        controller = started;
        if (given) started.abort(given.error);
      },
      onResponseStart(_, status, responseHeaders) {
        // 103 Early Hints and the like are not the answer.
        if (status < 200) return;
        head = { status, headers: responseHeaders };
        if (Number(responseHeaders['content-length']) > maxBytes) giveUp(tooLarge(maxBytes));
      },
      onResponseData(_, chunk) {
        size += chunk.byteLength;
        if (size > maxBytes) giveUp(tooLarge(maxBytes));
        else chunks.push(chunk);
      },
      onResponseEnd() {
        if (head) resolve(exchangeOf(head, chunks, maxBytes));
      },
      onResponseError(_, error) {
        reject(error);
      },
    },
  );
  return { answer: promise, giveUp };
}

interface Head {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

function exchangeOf(head: Head, chunks: Buffer[], maxBytes: number): Exchange | Promise<Exchange> {
  const [first] = chunks;
  const body = first && chunks.length === 1 ? first : Buffer.concat(chunks);
  const encoding = head.headers['content-encoding'];
  const decode = typeof encoding === 'string' ? DECODERS[encoding.toLowerCase()] : undefined;
  if (!decode) return withBody(head, body);
  return decode(body, { maxOutputLength: maxBytes }).then(
    (plain) => withBody(head, plain),
    (error: NodeJS.ErrnoException) => {
      throw error.code === 'ERR_BUFFER_TOO_LARGE' ? tooLarge(maxBytes) : error;
    },
  );
}

function withBody({ status, headers }: Head, body: Buffer): Exchange {
  return { status, headers: plainHeaders(headers, body.byteLength), body: body.toString('utf8') };
}

interface Place {
  readonly url: string;
  readonly origin: string;
  readonly path: string;
}

const places = new WeakMap<Dispatcher, Place>();

/** Of the last URL of each pool, which is as good as always the only one. */
function placeOf(pool: Dispatcher, url: string): Place {
  const known = places.get(pool);
  if (known?.url === url) return known;
  const { origin, pathname, search } = new URL(url);
  const place = { url, origin, path: pathname + search };
  places.set(pool, place);
  return place;
}

/** Nobody asked for an encoding, but some servers do not wait to be asked, or a header that is passed on asks. */
const DECODERS: Readonly<Record<string, (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>>> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
};

/** Those that speak of the body now do so of what it was decoded to. */
function plainHeaders(headers: Head['headers'], length: number): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) plain[name] = typeof value === 'string' ? value : value.join(', ');
  }
  delete plain['content-encoding'];
  plain['content-length'] = String(length);
  return plain;
}
