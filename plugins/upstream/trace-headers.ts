const MAX_PARENT = 256;
/** A version that is not known yet may have more behind (section 3.2). */
const PARENT = /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}(?:$|-)/;
/** The least that has to be passed on (section 3.3.1.5). */
const MAX_STATE = 512;
/** Printable ASCII (section 3.3.1.3.2). Whatever else a header may hold, logs and terminals may take for a command. */
const STATE = /^[\t -~]+$/;

/**
 * What goes on to subgraphs of a client's trace (W3C Trace Context): nothing of what is no `traceparent`, and no state
 * without one.
 */
export function traceHeaders(
  client: Pick<Headers, 'get'> | undefined,
): Readonly<Partial<Record<'traceparent' | 'tracestate', string>>> {
  const parent = client?.get('traceparent');
  if (!parent || parent.length > MAX_PARENT || !PARENT.test(parent) || !STATE.test(parent)) return {};
  const state = client?.get('tracestate');
  const isState = state && state.length <= MAX_STATE && STATE.test(state);
  return { traceparent: parent, ...(isState && { tracestate: state }) };
}
