import type { Probed } from './probe.ts';

/** One entry of `subgraphs` at `/health`. */
export interface SubgraphHealth {
  readonly name: string;
  /** `degraded`: the last calls failed, too few to say that it is down. `unknown` until it was first asked. */
  readonly status: 'ok' | 'degraded' | 'down' | 'unknown';
  /** Of the last answer, to a probe or to a call; null unless it is the newest that is known. */
  readonly latencyMs: number | null;
  /** ISO 8601; null when it has not answered yet. */
  readonly lastOkAt: string | null;
  /** Without addresses. */
  readonly error: string | null;
  /** Of a subgraph that was called. */
  readonly circuit?: Circuit;
}

type Circuit = 'closed' | 'open' | 'half-open';

/** What the calls to a subgraph say of it. Times in ms since 1970. */
export interface CalledSubgraph {
  readonly name: string;
  readonly circuit: Circuit;
  readonly calls: {
    /** The last that was answered. */
    readonly answered: { readonly at: number; readonly latencyMs: number } | null;
    /** Those that failed since. */
    readonly failed: { readonly count: number; readonly at: number; readonly kind: string } | null;
  };
}

/** With so many failed calls in a row, a subgraph is down. */
const DOWN_AFTER = 3;

/** The newest word counts, whether a probe has it or a call of a client's. */
export function subgraphHealth(name: string, probed: Probed, called: CalledSubgraph | undefined): SubgraphHealth {
  const answered = newest(probed.answered, called?.calls.answered ?? null);
  const lastOkAt = answered && new Date(answered.at).toISOString();
  const circuit = called && { circuit: called.circuit };
  const fault = faultOf(probed, called, answered?.at ?? -Infinity);
  if (fault) return { name, ...fault, latencyMs: null, lastOkAt, ...circuit };
  if (!answered) return { name, status: 'unknown', latencyMs: null, lastOkAt, error: null, ...circuit };
  return { name, status: 'ok', latencyMs: Math.round(answered.latencyMs), lastOkAt, error: null, ...circuit };
}

function faultOf(
  { failed: probe }: Probed,
  called: CalledSubgraph | undefined,
  okAt: number,
): Pick<SubgraphHealth, 'status' | 'error'> | undefined {
  if (called?.circuit === 'open') return { status: 'down', error: 'its circuit breaker is open' };
  if (probe && probe.at > okAt) return { status: 'down', error: `it ${probe.error}` };
  const calls = called?.calls.failed;
  if (!calls || calls.at < okAt) return undefined;
  const times = calls.count === 1 ? 'a call' : `${calls.count} calls in a row`;
  return { status: calls.count < DOWN_AFTER ? 'degraded' : 'down', error: `${times} failed: ${calls.kind}` };
}

function newest<Answer extends { readonly at: number }>(one: Answer | null, other: Answer | null): Answer | null {
  return one && other ? (one.at > other.at ? one : other) : (one ?? other);
}
