import type { Sampling } from './recorder.ts';
import type { TraceParent } from './traceparent.ts';

export interface SamplingOptions {
  /** The share of operations that are traced, from 0 to 1, where the client does not say. Default: 0.1. */
  readonly ratio?: number;
  /**
   * What a client's `traceparent` decides: `follow` traces what it has marked as sampled, and nothing that it
   * has not; `ignore` keeps its ids, and asks the ratio. A client that nobody trusts may mark all. Default:
   * `follow`.
   */
  readonly parent?: 'follow' | 'ignore';
  /** Whether operations that fail are traced in any case. Default: true. */
  readonly errors?: boolean;
  /** Operations that take longer are traced in any case; ms. Default: 5,000; `Infinity` for none. */
  readonly slowerThan?: number;
}

export interface Sampler {
  /** When an operation begins. */
  head(parent: TraceParent | undefined): Sampling;
  /** When it has ended, without having been sampled then. */
  keeps(end: TraceEnd): boolean;
  /** ms from which on an operation is slow. */
  readonly slowerThan: number;
}

export interface TraceEnd {
  /** ms */
  readonly duration: number;
  /** It failed for a reason that is not the client's. */
  readonly hasFailed: boolean;
}

const RATIO = 0.1;
const SLOW_MS = 5_000;
/** When everything fails, some traces tell why as well as all would. */
const MAX_KEPT_PER_SECOND = 20;

/** Throws an `Error` that names the option when one is wrong. */
export function sampler(options: SamplingOptions, random: () => number = Math.random): Sampler {
  const { ratio = RATIO, parent: said = 'follow', errors = true, slowerThan = SLOW_MS } = options;
  if (!(ratio >= 0 && ratio <= 1)) throw new Error(`useTelemetry: ratio is ${ratio}; it takes a number from 0 to 1`);
  if (!(slowerThan > 0)) throw new Error(`useTelemetry: slowerThan is ${slowerThan}; it takes ms above 0`);
  if (said !== 'follow' && said !== 'ignore')
    throw new Error(`useTelemetry: parent is "${String(said)}"; it takes "follow" or "ignore"`);
  const other: Sampling = errors || slowerThan < Infinity ? 'tail' : 'none';
  let second = 0;
  let kept = 0;

  return {
    slowerThan,
    head(parent) {
      const isSampled = parent && said === 'follow' ? parent.isSampled : random() < ratio;
      return isSampled ? 'head' : other;
    },
    keeps({ duration, hasFailed }) {
      if (!(hasFailed && errors) && duration <= slowerThan) return false;
      const now = Math.floor(performance.now() / 1000);
      if (now !== second) kept = 0;
      second = now;
      return kept++ < MAX_KEPT_PER_SECOND;
    },
  };
}
