import { Response } from '@whatwg-node/fetch';
import type { Dispatcher } from 'undici';
import { exchange, type Exchange } from './exchange.ts';
import { sharedFlights, within, type Flight } from './flights.ts';

/** Marks a request as a call to a subgraph, and says how it is to be made. */
export const CALL = Symbol('call');

export interface CallInit extends RequestInit {
  readonly [CALL]?: {
    readonly pool: Dispatcher;
    /** The largest answer that is read, in bytes. */
    readonly maxBytes: number;
    /** It changes nothing, so that an equal one under way at the same time may share its answer. */
    readonly isShareable: boolean;
    /** Only one with the same may share its answer. */
    readonly notBefore: number | undefined;
  };
}

export type CallFetch = (url: string, init: CallInit) => Promise<Response>;

export interface PooledFetch extends CallFetch {
  /** The same for whoever needs no `Response`, which takes longer to make than all else of it; undefined for no call. */
  exchange(url: string, init: CallInit): Promise<Exchange> | undefined;
}

/**
 * A `fetch` for calls to subgraphs, over the pools of their connections; any other request goes to the `fetch` that was
 * there. Equal queries under way at the same time become one. Equal is what is sent: URL, body and every header, as the
 * hooks of all plugins have left them, but for those that only name a request; so a request that carries an identity
 * shares with none that carries another.
 */
export function pooledFetch(others: CallFetch): PooledFetch {
  const flights = sharedFlights<Exchange>();

  function exchanged(url: string, init: CallInit): Promise<Exchange> | undefined {
    const { [CALL]: call, signal, body, method = 'GET' } = init;
    if (!call || !signal || typeof body !== 'string') return undefined;
    const headers = plain(init.headers);
    const start = (): Flight<Exchange> => exchange(call.pool, { url, method, headers, body, maxBytes: call.maxBytes });
    if (!call.isShareable) return alone(start, signal);
    return flights.join(JSON.stringify([url, tellingApart(headers), body, call.notBefore]), start, signal);
  }

  async function fetch(url: string, init: CallInit): Promise<Response> {
    const answer = await exchanged(url, init);
    if (!answer) return others(url, init);
    return new Response(answer.body, { status: answer.status, headers: { ...answer.headers } });
  }

  return Object.assign(fetch, { exchange: exchanged });
}

function alone(start: () => Flight<Exchange>, signal: AbortSignal): Promise<Exchange> {
  if (signal.aborted) return Promise.reject(signal.reason as Error);
  const { answer, giveUp } = start();
  return within(signal, answer, giveUp);
}

/** No answer depends on these. */
const NAMING = new Set(['traceparent', 'tracestate', 'x-request-id']);

function tellingApart(headers: Readonly<Record<string, string>>): Record<string, string> {
  const telling: Record<string, string> = {};
  for (const name in headers) if (!NAMING.has(name)) telling[name] = headers[name] ?? '';
  return telling;
}

function plain(headers: RequestInit['headers']): Record<string, string> {
  if (headers && Object.getPrototypeOf(headers) === Object.prototype) return headers as Record<string, string>;
  return Object.fromEntries(new Headers(headers));
}
