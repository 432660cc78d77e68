import type { CallAccount, OperationTrace, TraceSpan } from '../account/index.ts';
import { CallFailed } from './failure.ts';

/** Spans of each time that a call is sent, by OpenTelemetry's semantic conventions for HTTP clients. */
export interface AttemptSpans {
  /** Undefined when nobody traces. */
  begin(): TraceSpan | undefined;
  /** Ends the span with what comes of the attempt, which it gives back. */
  ended<Answer>(span: TraceSpan | undefined, attempt: Promise<Answer>): Promise<Answer>;
}

export function attemptSpans(
  trace: OperationTrace | undefined,
  call: CallAccount | undefined,
  url: string,
): AttemptSpans {
  let sent = 0;

  return {
    begin() {
      if (call) call.attempts++;
      const span = trace?.begin('POST', call?.span, 'client');
      if (span?.isRecorded) {
        for (const [name, value] of addressAttributes(url)) span.set(name, value);
        if (sent > 0) span.set('http.request.resend_count', sent);
      }
      sent++;
      return span;
    },
    async ended(span, attempt) {
      if (!span?.isRecorded) return attempt;
      try {
        const answer = await attempt;
        span.end();
        return answer;
      } catch (error) {
        span.end(error instanceof CallFailed ? error.kind : 'unexpected');
        throw error;
      }
    },
  };
}

type Attributes = readonly (readonly [string, string | number])[];

/** Of each subgraph; there are few. */
const addresses = new Map<string, Attributes>();

/** Without what may be secret of it: who it is called as, and its query. */
function addressAttributes(url: string): Attributes {
  const known = addresses.get(url);
  if (known) return known;
  const { protocol, hostname, port, origin, pathname } = new URL(url);
  const attributes: Attributes = [
    ['http.request.method', 'POST'],
    ['url.full', `${origin}${pathname}`],
    ['server.address', hostname],
    ['server.port', Number(port) || (protocol === 'https:' ? 443 : 80)],
  ];
  if (addresses.size < MAX_ADDRESSES) addresses.set(url, attributes);
  return attributes;
}

const MAX_ADDRESSES = 1_000;
