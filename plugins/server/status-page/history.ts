import type { CacheCounts, CacheTier, KnownParts, StatusParts } from './parts.ts';
import type { Series } from './sparkline.ts';

/** Some numbers of the gateway at one moment; totals grow from the start on. */
export interface Sample {
  /** ms since 1970 */
  readonly at: number;
  readonly telemetry: StatusParts['telemetry'] | undefined;
  readonly cache: StatusParts['cache']['requests'] | undefined;
  readonly subscriptions: number | undefined;
}

export interface History {
  add(sample: Sample): void;
  /** The oldest first. */
  samples(): readonly Sample[];
}

/** Ten minutes. */
export const SAMPLE_INTERVAL = 5_000;
const MAX_SAMPLES = 121;
/** Of the errors that there are most of. */
export const MAX_CODES = 8;

export function statusHistory(): History {
  const samples: Sample[] = [];
  return {
    add(sample) {
      samples.push(sample);
      if (samples.length > MAX_SAMPLES) samples.shift();
    },
    samples: () => samples,
  };
}

/** A copy: parts may give the same object, grown, the next time. */
export function sampleOf(
  { telemetry, cache, subscriptions }: Pick<KnownParts, 'telemetry' | 'cache' | 'subscriptions'>,
  at: number,
): Sample {
  const codes = telemetry && Object.fromEntries(mostFrequent(telemetry.byCode));
  return {
    at,
    telemetry: telemetry && { operations: telemetry.operations, failed: telemetry.failed, byCode: codes ?? {} },
    cache: cache && {
      l1: { ...cache.requests.l1 },
      l2: { ...cache.requests.l2 },
      entity: { ...cache.requests.entity },
    },
    subscriptions: subscriptions?.subscriptions,
  };
}

/** The error codes that there are most of, with how many. */
export function mostFrequent(byCode: Readonly<Record<string, number>>): readonly (readonly [string, number])[] {
  return Object.entries(byCode)
    .toSorted(([, one], [, other]) => other - one)
    .slice(0, MAX_CODES);
}

/** How many there were in a second, between each two samples. */
export function perSecond(samples: readonly Sample[], total: (sample: Sample) => number | undefined): Series {
  return between(samples, (before, after) => {
    const [from, to] = [total(before), total(after)];
    const seconds = (after.at - before.at) / 1_000;
    return from === undefined || to === undefined || seconds <= 0 ? undefined : Math.max(0, to - from) / seconds;
  });
}

/** Which part of it was so, of 1, between each two samples; undefined where there was none. */
export function share(
  samples: readonly Sample[],
  counted: (sample: Sample) => { readonly of: number; readonly all: number } | undefined,
): Series {
  return between(samples, (before, after) => {
    const [from, to] = [counted(before), counted(after)];
    const all = from && to ? to.all - from.all : 0;
    return from && to && all > 0 ? (to.of - from.of) / all : undefined;
  });
}

/** How often a tier had it, of how often it was asked. L2 is asked for what L1 does not have. */
export function hitsOf(cache: Readonly<Record<CacheTier, CacheCounts>>, tier: CacheTier): { of: number; all: number } {
  const had = ({ hit, stale }: CacheCounts): number => hit + stale;
  const asked = (counts: CacheCounts): number => had(counts) + counts.miss;
  const own = cache[tier];
  return { of: had(own), all: asked(own) + (tier === 'l1' ? asked(cache.l2) : 0) };
}

function between(samples: readonly Sample[], value: (before: Sample, after: Sample) => number | undefined): Series {
  return samples.slice(1).map((after, index) => {
    const before = samples[index];
    return before && value(before, after);
  });
}
