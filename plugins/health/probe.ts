import { GraphQLRequestFailed, requestGraphQL } from '../graphql-request/index.ts';

export interface ProbedSubgraph {
  readonly name: string;
  readonly url: string;
}

/** What the probes of a subgraph came to. Times in ms since 1970. */
export interface Probed {
  /** The last that was answered. */
  readonly answered: { readonly at: number; readonly latencyMs: number } | null;
  /** The last of all, when it failed. `error` completes "it ..."; it holds no address. */
  readonly failed: { readonly at: number; readonly error: string } | null;
}

export interface ProbeOptions {
  /** ms between two probes of a subgraph, give or take a fifth. */
  readonly interval: number;
  /** ms */
  readonly timeout: number;
  /** When a call of the gateway's own was last answered, in ms since 1970: there is no need to ask so soon after it. */
  readonly answeredAt?: ((name: string) => number | undefined) | undefined;
}

export interface SubgraphProbes {
  of(name: string): Probed;
  stop(): void;
}

/** A subgraph answers `{ __typename }` in a few bytes; more than this is not an answer. */
const MAX_ANSWER_BYTES = 64 * 1024;
const JITTER = 0.2;
const NEVER: Probed = { answered: null, failed: null };

/** Asks each subgraph for `{ __typename }` in the background, again and again, until stopped. */
export function probeSubgraphs(subgraphs: readonly ProbedSubgraph[], options: ProbeOptions): SubgraphProbes {
  const probed = new Map<string, Probed>();
  const timers = new Map<string, NodeJS.Timeout>();
  let stopped = false;

  async function probe({ name, url }: ProbedSubgraph): Promise<void> {
    const start = performance.now();
    try {
      await requestGraphQL({ url, query: '{ __typename }', timeout: options.timeout, maxBytes: MAX_ANSWER_BYTES });
      const latencyMs = performance.now() - start;
      probed.set(name, { answered: { at: Date.now(), latencyMs }, failed: null });
    } catch (error) {
      if (!(error instanceof GraphQLRequestFailed)) throw error;
      const { answered } = probed.get(name) ?? NEVER;
      probed.set(name, { answered, failed: { at: Date.now(), error: error.message } });
    }
  }

  async function keepProbing(subgraph: ProbedSubgraph): Promise<void> {
    const sinceAnswer = Date.now() - (options.answeredAt?.(subgraph.name) ?? -Infinity);
    const notYet = options.interval - sinceAnswer;
    if (notYet > 0) return again(subgraph, notYet + Math.random() * JITTER * options.interval);
    await probe(subgraph);
    again(subgraph, options.interval * (1 - JITTER + Math.random() * 2 * JITTER));
  }

  function again(subgraph: ProbedSubgraph, wait: number): void {
    if (!stopped) timers.set(subgraph.name, setTimeout(() => void keepProbing(subgraph), wait).unref());
  }

  for (const subgraph of subgraphs) void keepProbing(subgraph);

  return {
    of: (name) => probed.get(name) ?? NEVER,
    stop() {
      stopped = true;
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}
