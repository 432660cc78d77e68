import type { IncomingMessage } from 'node:http';
import { onlyOne, presentedIn, type Presented } from './credential.ts';

/** What an HTTP request brings. `raw` is Node's own request, where there is one: it alone tells of repeated headers. */
export function presentedByRequest(headers: Headers, raw: Pick<IncomingMessage, 'rawHeaders'> | undefined): Presented {
  const presented = presentedIn((name) => headers.get(name));
  return presented.kind !== 'none' && raw && isRepeated(raw.rawHeaders)
    ? { kind: 'malformed', reason: 'a repeated header' }
    : presented;
}

/**
 * What brings a WebSocket: the payload of its `connection_init` (`authorization` or `x-api-key`, in any case, also
 * within `headers`), or the headers of its upgrade; or else the cookie, which a browser sends by itself.
 */
export function presentedByConnection(
  upgrade: Pick<IncomingMessage, 'headers' | 'rawHeaders'>,
  payload: unknown,
  cookie: string | undefined,
): Presented {
  const inPayload = onlyOne(...layers(payload).map((layer) => presentedIn((name) => caseless(layer, name))));
  const inHeaders: Presented = isRepeated(upgrade.rawHeaders)
    ? { kind: 'malformed', reason: 'a repeated header' }
    : presentedIn((name) => upgrade.headers[name]);
  const presented = onlyOne(inPayload, inHeaders);
  if (presented.kind !== 'none' || cookie === undefined) return presented;
  const token = cookieOf(upgrade.headers.cookie ?? '', cookie);
  return token === undefined ? presented : presentedIn((name) => (name === 'authorization' ? `Bearer ${token}` : null));
}

function isRepeated(rawHeaders: readonly string[]): boolean {
  let found = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase();
    if (name === 'authorization' || name === 'x-api-key') found++;
  }
  return found > 1;
}

type Layer = Readonly<Record<string, unknown>>;

function layers(payload: unknown): readonly Layer[] {
  if (!isLayer(payload)) return [];
  const { headers } = payload;
  return isLayer(headers) ? [payload, headers] : [payload];
}

function isLayer(value: unknown): value is Layer {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Two names that differ in their case only are two credentials. */
function caseless(layer: Layer, name: string): unknown {
  const values = Object.entries(layer).filter(([key]) => key.toLowerCase() === name);
  return values.length > 1 ? values : values[0]?.[1];
}

/** RFC 6265, section 5.4; the first of the name. */
function cookieOf(header: string, name: string): string | undefined {
  for (const pair of header.split(';')) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}
