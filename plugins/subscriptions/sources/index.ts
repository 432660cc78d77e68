import type { OpenUpstream, UpstreamOperation } from '../upstream/upstream.ts';
import { openSource, type Source, type SourceSettings } from './source.ts';

export type { Attachment, AttachmentWitness, Source, SourceEnd, SourceSettings } from './source.ts';

/** A subscription of a subgraph that somebody wants to read. */
export interface Wanted {
  /** With the headers as they are at the moment. */
  operation(): UpstreamOperation;
  /** For whom it is: what tells the headers apart that matter. */
  readonly identity: string;
}

export interface Sources {
  has(wanted: Wanted): boolean;
  /**
   * Of equal operations for the same there is one.
   *
   * @param retriesOpening whether one that cannot be opened is tried again
   */
  open(wanted: Wanted, retriesOpening: boolean): Source;
  size(): number;
}

export interface SourcesOptions extends SourceSettings {
  readonly open: OpenUpstream;
  onLost(subgraph: string, reason: string, willRetryIn: number | undefined): void;
}

/** Every subscription that is open at a subgraph. */
export function openSources(options: SourcesOptions): Sources {
  const sources = new Map<string, Source>();
  return {
    has: (wanted) => sources.has(keyOf(wanted)),
    open(wanted, retriesOpening) {
      const key = keyOf(wanted);
      const known = sources.get(key);
      if (known) return known;
      const { subgraph } = wanted.operation();
      let hasClosed = false;
      const witness = {
        lost: (reason: string, delay: number | undefined) => options.onLost(subgraph, reason, delay),
        closed() {
          hasClosed = true;
          sources.delete(key);
        },
      };
      const source = openSource(wanted.operation, options.open, options, witness, retriesOpening);
      if (!hasClosed) sources.set(key, source);
      return source;
    },
    size: () => sources.size,
  };
}

function keyOf({ operation, identity }: Wanted): string {
  const { subgraph, url, query, operationName = '', variables = {} } = operation();
  return JSON.stringify([subgraph, url, query, operationName, variables, identity]);
}
