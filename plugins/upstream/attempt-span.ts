import type { CallAccount, OperationTrace, SpanAttributes, TraceSpan } from '../account/index.ts';
import { CallFailed } from './failure.ts';

/** One time that a call is sent. */
export interface Attempt {
  /** Undefined when nobody traces. */
  readonly traceparent: string | undefined;
  /** Of the response. */
  status: number | undefined;
  /** Ends its span with what comes of it, which it gives back. */
  ended<Answer>(answer: Promise<Answer>): Promise<Answer>;
}

/** Spans of each time that a call is sent, by OpenTelemetry's semantic conventions for HTTP clients. */
export function attemptsOf(
  trace: OperationTrace | undefined,
  call: CallAccount | undefined,
  url: string,
): () => Attempt {
  let sent = 0;

  return () => {
    const resends = sent++;
    if (call) call.attempts = sent;
    const span = trace?.begin('POST', call?.span, 'client');
    const attempt: Attempt = {
      traceparent: span?.traceparent(),
      status: undefined,
      ended: (answer) => (span?.isRecorded ? endedBy(answer, span) : answer),
    };
    if (!span?.isRecorded) return attempt;
    span.describe(() => ({
      'http.request.method': 'POST',
      ...addressOf(url),
      ...(attempt.status !== undefined && { 'http.response.status_code': attempt.status }),
      ...(resends > 0 && { 'http.request.resend_count': resends }),
    }));
    return attempt;
  };
}

async function endedBy<Answer>(answer: Promise<Answer>, span: TraceSpan): Promise<Answer> {
  try {
    const given = await answer;
    span.end();
    return given;
  } catch (error) {
    span.end(error instanceof CallFailed ? error.kind : 'unexpected');
    throw error;
  }
}

/** Without what may be secret of it: who it is called as, and its query. */
function addressOf(url: string): SpanAttributes {
  const { protocol, hostname, port, origin, pathname } = new URL(url);
  return {
    'url.full': `${origin}${pathname}`,
    'server.address': hostname,
    'server.port': Number(port) || (protocol === 'https:' ? 443 : 80),
  };
}
