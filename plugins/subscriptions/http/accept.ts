export type StreamTransport = 'server-sent-events' | 'multipart';

const SERVER_SENT_EVENTS = 'text/event-stream';

interface MediaRange {
  readonly type: string;
  readonly params: ReadonlyMap<string, string>;
  readonly quality: number;
}

/**
 * How a client that sends this `Accept` (RFC 9110, section 12.5.1) takes a subscription: as server-sent events, or as
 * `multipart/mixed` with `subscriptionSpec`, as Apollo's clients ask for it; the one it likes better. Undefined when it
 * takes neither.
 */
export function transportFor(accept: string | null): StreamTransport | undefined {
  const ranges = readAccept(accept ?? '*/*');
  const multipart = Math.max(0, ...ranges.filter(isSubscriptionPart).map(({ quality }) => quality));
  const events = qualityOf(SERVER_SENT_EVENTS, ranges);
  if (multipart === 0 && events === 0) return undefined;
  return multipart > events || (multipart === events && isNamedFirst(ranges)) ? 'multipart' : 'server-sent-events';
}

function isSubscriptionPart({ type, params }: MediaRange): boolean {
  return type === 'multipart/mixed' && params.has('subscriptionspec');
}

function isNamedFirst(ranges: readonly MediaRange[]): boolean {
  const multipart = ranges.findIndex(isSubscriptionPart);
  const events = ranges.findIndex(({ type }) => type === SERVER_SENT_EVENTS);
  return events === -1 || multipart < events;
}

/** Of the range that names it most closely. */
function qualityOf(type: string, ranges: readonly MediaRange[]): number {
  for (const name of [type, `${type.split('/')[0]}/*`, '*/*']) {
    const range = ranges.find((one) => one.type === name);
    if (range) return range.quality;
  }
  return 0;
}

function readAccept(accept: string): readonly MediaRange[] {
  return accept.split(',').map((range) => {
    const [type = '', ...rest] = range.split(';').map((part) => part.trim().toLowerCase());
    const params = new Map(
      rest.map((param) => {
        const [name = '', value = ''] = param.split('=').map((part) => part.trim());
        return [name, value.replaceAll('"', '')] as const;
      }),
    );
    const quality = Number(params.get('q') ?? 1);
    return { type, params, quality: Number.isNaN(quality) ? 0 : quality };
  });
}
