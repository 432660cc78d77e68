import type { Credential } from './method.ts';

/** What a request brings to say who sends it. `malformed` is as wrong as a wrong credential: it is never overlooked. */
export type Presented =
  | { readonly kind: 'none' }
  | { readonly kind: 'one'; readonly credential: Credential }
  | { readonly kind: 'malformed'; readonly reason: string };

/** A header, or what stands for it. */
export type HeaderOf = (name: 'authorization' | 'x-api-key') => unknown;

/** RFC 6750, section 2.1. */
const BEARER = /^bearer +([\w.~+/-]+=*) *$/i;
const API_KEY = /^apikey +(\S+) *$/i;

const NONE: Presented = { kind: 'none' };
const SEVERAL: Presented = { kind: 'malformed', reason: 'several credentials' };

/** Reads `Authorization: Bearer`, `Authorization: ApiKey` and `x-api-key`. */
export function presentedIn(headerOf: HeaderOf): Presented {
  const authorization = headerOf('authorization');
  const apiKey = headerOf('x-api-key');
  if (!isGiven(authorization)) return isGiven(apiKey) ? keyOf(apiKey) : NONE;
  return isGiven(apiKey) ? SEVERAL : authorizationOf(authorization);
}

/** Of several places, the one that has a credential; never a choice between two. */
export function onlyOne(...places: readonly Presented[]): Presented {
  const [first = NONE, second] = places.filter(({ kind }) => kind !== 'none');
  return second ? SEVERAL : first;
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function keyOf(value: unknown): Presented {
  if (typeof value !== 'string') return { kind: 'malformed', reason: 'an API key that is no text' };
  return { kind: 'one', credential: { scheme: 'api-key', key: value.trim() } };
}

function authorizationOf(value: unknown): Presented {
  if (typeof value !== 'string') return { kind: 'malformed', reason: 'an Authorization that is no text' };
  const token = BEARER.exec(value)?.[1];
  if (token !== undefined) return { kind: 'one', credential: { scheme: 'bearer', token } };
  const key = API_KEY.exec(value)?.[1];
  if (key !== undefined) return { kind: 'one', credential: { scheme: 'api-key', key } };
  return { kind: 'malformed', reason: 'an Authorization of another scheme or form' };
}
