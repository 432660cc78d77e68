import type { TraceSpan } from '../../account/index.ts';
import { recordTrace, type RecordedSpan, type RecordedTrace } from './recorder.ts';
import { resolverTimings } from './resolver-timings.ts';
import { sampler, type Sampler, type SamplingOptions } from './sampling.ts';
import { readTraceParent } from './traceparent.ts';

export interface OperationTraces extends Pick<Sampler, 'keeps'> {
  /** Of what a client asked for; undefined when there is nothing to be told and nothing to be passed on. */
  begin(name: string, start: number, traceparent: unknown): RecordedTrace;
  /** The same for what is over already: undefined unless it is sampled. */
  beginSampled(name: string, start: number, traceparent: unknown): RecordedTrace | undefined;
}

const RESOLVERS = 0.02;

/**
 * @param send undefined when there is nowhere to send them: the client's trace is passed on all the same
 * @param recordResolver takes seconds
 */
export function operationTraces(
  options: SamplingOptions & { readonly resolvers?: number },
  send: ((spans: readonly RecordedSpan[]) => void) | undefined,
  recordResolver: (coordinate: string, seconds: number) => void,
): OperationTraces {
  const { resolvers = RESOLVERS } = options;
  if (!(resolvers >= 0 && resolvers <= 1)) {
    throw new Error(`useTelemetry: resolvers is ${resolvers}; it takes a number from 0 to 1`);
  }
  const { head, keeps } = sampler(options);

  function begin(name: string, start: number, traceparent: unknown): RecordedTrace {
    const parent = readTraceParent(traceparent);
    const sampling = send ? head(parent) : 'none';
    const trace = recordTrace({ name, kind: 'server', start, parent, sampling, export: send ?? forget });
    if (sampling !== 'head' || Math.random() >= resolvers) return trace;
    return Object.assign(trace, { resolvers: takeTimings.bind(undefined, trace) });
  }

  function takeTimings(trace: RecordedTrace, call: TraceSpan, _: string, ftv1: unknown): void {
    const timings = ftv1 === undefined ? undefined : resolverTimings(ftv1);
    if (!timings) return;
    // Its clock is its own; that its answer has just come is known.
    const began = performance.now() - Math.max(0, ...timings.map(({ end }) => end / 1e6));
    const ids = new Map<string, string>();
    for (const { coordinate, path, parentPath, start, end, hasFailed } of timings) {
      recordResolver(coordinate, (end - start) / 1e9);
      const within = (parentPath !== undefined && ids.get(parentPath)) || call.ids().spanId;
      const error = hasFailed ? 'SUBGRAPH_ERROR' : undefined;
      ids.set(path, trace.add({ name: coordinate, start: began + start / 1e6, end: began + end / 1e6, error }, within));
    }
  }

  return {
    keeps,
    begin,
    beginSampled(name, start, traceparent) {
      const trace = begin(name, start, traceparent);
      return trace.isSampled ? trace : undefined;
    },
  };
}

function forget(): void {}
