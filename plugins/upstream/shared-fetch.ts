import { readBounded } from '../graphql-request/index.ts';
import { tooLarge } from './failure.ts';

/** Marks a request that changes nothing, so that equal ones may share an answer of at most so many bytes. */
export const SHAREABLE = Symbol('shareable');

export interface ShareableInit extends RequestInit {
  readonly [SHAREABLE]?: number;
}

export type SharedFetch = (url: string, init: ShareableInit) => Promise<Response>;

interface Flight {
  readonly answer: Promise<SharedAnswer>;
  readonly controller: AbortController;
  waiting: number;
}

interface SharedAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/**
 * Equal requests that are under way at the same time become one. Equal is what is sent: URL, body and every header, as
 * the hooks of all plugins have left them; so a request that carries an identity shares with none that carries another.
 * It is given up when all who wait for it have.
 */
export function sharedFetch(fetch: SharedFetch): SharedFetch {
  const flights = new Map<string, Flight>();

  function start(key: string, url: string, init: ShareableInit, maxBytes: number): Flight {
    const controller = new AbortController();
    const answer = fetch(url, { ...init, signal: controller.signal })
      .then(async (response) => {
        const body = await readBounded(response, maxBytes);
        if (body === undefined) throw tooLarge(maxBytes);
        return { status: response.status, headers: withoutLength(response.headers), body };
      })
      .finally(() => flights.delete(key));
    const flight: Flight = { answer, controller, waiting: 0 };
    flights.set(key, flight);
    return flight;
  }

  return async (url, init) => {
    const { [SHAREABLE]: maxBytes, signal } = init;
    if (maxBytes === undefined) return fetch(url, init);
    const key = JSON.stringify([init.method, url, [...new Headers(init.headers)], init.body, maxBytes]);
    const flight = flights.get(key) ?? start(key, url, init, maxBytes);
    flight.waiting++;
    try {
      const { status, headers, body } = await orAborted(flight.answer, signal ?? undefined);
      return new Response(body, { status, headers });
    } finally {
      flight.waiting--;
      if (flight.waiting === 0) flight.controller.abort();
    }
  };
}

/** The body stands there decoded. */
function withoutLength(headers: Headers): Headers {
  const kept = new Headers(headers);
  kept.delete('content-length');
  kept.delete('content-encoding');
  return kept;
}

/** Rejects with the signal's reason as soon as it aborts. */
function orAborted<Value>(promise: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (!signal) return promise;
  const { promise: settled, resolve, reject } = Promise.withResolvers<Value>();
  const giveUp = () => reject(signal.reason as Error);
  if (signal.aborted) giveUp();
  signal.addEventListener('abort', giveUp, { once: true });
  promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  return settled;
}
