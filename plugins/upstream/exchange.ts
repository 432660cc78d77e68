import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { tooLarge } from './failure.ts';

export interface ExchangeRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
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
 * Rejects with the signal's reason, with `CallFailed` for what is too large, or with the error of the connection.
 */
export async function exchange(pool: Dispatcher, request: ExchangeRequest): Promise<Exchange> {
  const { status, headers, chunks } = await collect(pool, request);
  const body = await decoded(Buffer.concat(chunks), headers['content-encoding'], request.maxBytes);
  return { status, headers: plainHeaders(headers, body.byteLength), body: body.toString('utf8') };
}

interface Collected {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly chunks: Buffer[];
}

function collect(
  pool: Dispatcher,
  { url, method, headers, body, signal, maxBytes }: ExchangeRequest,
): Promise<Collected> {
  const { promise, resolve, reject } = Promise.withResolvers<Collected>();
  let controller: Dispatcher.DispatchController | undefined;
  let answer: Omit<Collected, 'chunks'> | undefined;
  const chunks: Buffer[] = [];
  let size = 0;

  const give = (error: Error) => {
    signal.removeEventListener('abort', onAbort);
    reject(error);
    controller?.abort(error);
  };
  const onAbort = () => give(signal.reason as Error);
  if (signal.aborted) {
    reject(signal.reason as Error);
    return promise;
  }
  signal.addEventListener('abort', onAbort, { once: true });

  const { origin, path } = placeOf(pool, url);
  pool.dispatch(
    { origin, path, method, headers, body },
    {
      onRequestStart(started) {
        controller = started;
        if (signal.aborted) started.abort(signal.reason as Error);
      },
      onResponseStart(_, status, responseHeaders) {
        // 103 Early Hints and the like are not the answer.
        if (status < 200) return;
        answer = { status, headers: responseHeaders };
        if (Number(responseHeaders['content-length']) > maxBytes) give(tooLarge(maxBytes));
      },
      onResponseData(_, chunk) {
        size += chunk.byteLength;
        if (size > maxBytes) give(tooLarge(maxBytes));
        else chunks.push(chunk);
      },
      onResponseEnd() {
        signal.removeEventListener('abort', onAbort);
        if (answer) resolve({ ...answer, chunks });
      },
      onResponseError(_, error) {
        signal.removeEventListener('abort', onAbort);
        reject(error);
      },
    },
  );
  return promise;
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

async function decoded(body: Buffer, encoding: string | string[] | undefined, maxBytes: number): Promise<Buffer> {
  const decode = typeof encoding === 'string' ? DECODERS[encoding.toLowerCase()] : undefined;
  if (!decode) return body;
  try {
    return await decode(body, { maxOutputLength: maxBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxBytes);
    throw error;
  }
}

/** Those that speak of the body now do so of what it was decoded to. */
function plainHeaders(headers: Collected['headers'], length: number): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) plain[name] = typeof value === 'string' ? value : value.join(', ');
  }
  delete plain['content-encoding'];
  plain['content-length'] = String(length);
  return plain;
}
