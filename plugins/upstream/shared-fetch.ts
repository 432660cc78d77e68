import { readBounded } from '../graphql-request/index.ts';
import { tooLarge } from './failure.ts';

/** Marks a request that changes nothing, so that equal ones may share an answer of at most so many bytes. */
export const SHAREABLE = Symbol('shareable');

export interface ShareableInit extends RequestInit {
  readonly [SHAREABLE]?: number;
}

export type SharedFetch = (url: string, init: ShareableInit) => Promise<Response>;

interface Flight {
  readonly answer: Promise<() => Response>;
  readonly controller: AbortController;
  waiting: number;
}

/**
 * Equal requests that are under way at the same time become one, until its answer begins. Equal is what is sent: URL,
 * body and every header, as the hooks of all plugins have left them; so a request that carries an identity shares with
 * none that carries another. It is given up when all who wait for it have.
 */
export function sharedFetch(fetch: SharedFetch): SharedFetch {
  const flights = new Map<string, Flight>();

  function start(key: string, url: string, init: ShareableInit, maxBytes: number): Flight {
    const controller = new AbortController();
    const flight: Flight = { answer: fly(), controller, waiting: 0 };
    flights.set(key, flight);
    return flight;

    async function fly(): Promise<() => Response> {
      try {
        const response = await fetch(url, { ...init, signal: controller.signal });
        flights.delete(key);
        // Almost always one waits alone: the answer is then passed on as it is, not read and written again.
        return flight.waiting === 1 ? () => response : await copies(response, maxBytes);
      } finally {
        flights.delete(key);
      }
    }
  }

  return async (url, init) => {
    const { [SHAREABLE]: maxBytes, signal } = init;
    if (maxBytes === undefined) return fetch(url, init);
    const key = keyOf(url, init);
    const flight = flights.get(key) ?? start(key, url, init, maxBytes);
    flight.waiting++;
    const leave = () => {
      flight.waiting--;
      if (flight.waiting === 0) flight.controller.abort(signal?.reason);
    };
    signal?.addEventListener('abort', leave, { once: true });
    const answer = await orAborted(flight.answer, signal ?? undefined);
    return answer();
  };
}

function keyOf(url: string, { headers, body }: ShareableInit): string {
  const plain = headers === undefined || Object.getPrototypeOf(headers) === Object.prototype;
  return JSON.stringify([url, plain ? headers : [...new Headers(headers)], body]);
}

/** Gives each caller a response of its own. */
async function copies(response: Response, maxBytes: number): Promise<() => Response> {
  const { status } = response;
  const body = await readBounded(response, maxBytes);
  if (body === undefined) throw tooLarge(maxBytes);
  const headers = new Headers(response.headers);
  // They speak of the body as it was sent.
  headers.delete('content-length');
  headers.delete('content-encoding');
  return () => new Response(body, { status, headers });
}

/** Rejects with the signal's reason as soon as it aborts. */
function orAborted<Value>(promise: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (!signal) return promise;
  const { promise: settled, resolve, reject } = Promise.withResolvers<Value>();
  const giveUp = () => reject(signal.reason as Error);
  if (signal.aborted) giveUp();
  signal.addEventListener('abort', giveUp, { once: true });
  promise.then(resolve, reject);
  return settled;
}
