import { GraphQLRequestFailed, requestGraphQL } from '../graphql-request/index.ts';

export interface ProbedSubgraph {
  readonly name: string;
  readonly url: string;
}

/** One entry of `subgraphs` at `/health`. */
export interface SubgraphHealth {
  readonly name: string;
  /** `unknown` until the first probe has ended. */
  readonly status: 'ok' | 'down' | 'unknown';
  readonly latencyMs: number | null;
  /** ISO 8601; null when no probe has succeeded yet. */
  readonly lastOkAt: string | null;
  /** Without addresses. */
  readonly error: string | null;
}

export interface ProbeOptions {
  /** ms between two probes of a subgraph, give or take a fifth. */
  readonly interval: number;
  /** ms */
  readonly timeout: number;
}

export interface SubgraphProbes {
  health(): readonly SubgraphHealth[];
  stop(): void;
}

/** A subgraph answers `{ __typename }` in a few bytes; more than this is not an answer. */
const MAX_ANSWER_BYTES = 64 * 1024;
const JITTER = 0.2;

/** Asks each subgraph for `{ __typename }` in the background, again and again, until stopped. */
export function probeSubgraphs(subgraphs: readonly ProbedSubgraph[], options: ProbeOptions): SubgraphProbes {
  const health = new Map<string, SubgraphHealth>();
  const timers = new Map<string, NodeJS.Timeout>();
  let stopped = false;

  async function probe({ name, url }: ProbedSubgraph): Promise<void> {
    const start = performance.now();
    try {
      await requestGraphQL({ url, query: '{ __typename }', timeout: options.timeout, maxBytes: MAX_ANSWER_BYTES });
      const latencyMs = Math.round(performance.now() - start);
      health.set(name, { name, status: 'ok', latencyMs, lastOkAt: new Date().toISOString(), error: null });
    } catch (error) {
      if (!(error instanceof GraphQLRequestFailed)) throw error;
      const lastOkAt = health.get(name)?.lastOkAt ?? null;
      health.set(name, { name, status: 'down', latencyMs: null, lastOkAt, error: `it ${error.message}` });
    }
  }

  async function keepProbing(subgraph: ProbedSubgraph): Promise<void> {
    await probe(subgraph);
    if (stopped) return;
    const wait = options.interval * (1 - JITTER + Math.random() * 2 * JITTER);
    timers.set(subgraph.name, setTimeout(() => void keepProbing(subgraph), wait).unref());
  }

  for (const subgraph of subgraphs) void keepProbing(subgraph);

  return {
    health: () => subgraphs.map(({ name }) => health.get(name) ?? unknown(name)),
    stop() {
      stopped = true;
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}

function unknown(name: string): SubgraphHealth {
  return { name, status: 'unknown', latencyMs: null, lastOkAt: null, error: null };
}
