import { startRedis } from '../../tests/harness/redis.ts';
import { median, printFigure } from '../figure.ts';
import { measureDecisions, type Decisions } from './decisions.ts';
import { limitersOn, type Limiters } from './limiters.ts';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 15);
const DECISIONS = 5_000;
const CALLERS = 64;

type Measured = ReadonlyMap<string, readonly Decisions[]>;

const perDecision = ({ perSecond }: Decisions): number => 1 / perSecond;
const cpu = ({ cpuMicros }: Decisions): number => cpuMicros;

/**
 * What a decision costs under one policy and under three, and in `rate-limiter-flexible`: with 64 callers, decisions a
 * second and µs of CPU of this process; with one, how long it takes. Everything in turn, several times.
 */
export async function run(): Promise<void> {
  const server = await startRedis();
  try {
    await using limiters = limitersOn(server.url);
    const many = await measure(limiters, DECISIONS, CALLERS);
    for (const [name, rounds] of many) {
      print(`decisions.${name}`, Math.round(median(rounds.map(({ perSecond }) => perSecond))), '1/s');
      print(`cpu.${name}`, Number(median(rounds.map(cpu)).toFixed(1)), 'µs');
    }
    const one = await measure(limiters, DECISIONS / 5, 1);
    for (const [name, rounds] of one) {
      print(`latency.${name}`, Math.round(median(rounds.map(({ perSecond }) => 1e6 / perSecond))), 'µs');
    }
    for (const name of ['buckets3', 'buckets2quota1']) {
      printRatio(`latency-ratio.${name}`, ratioOf(one, name, 'bucket1', perDecision), 'one policy', 1.2);
      printRatio(`cpu-ratio.${name}`, ratioOf(many, name, 'bucket1', cpu), 'one policy', 1.2);
      printRatio(`saturated-ratio.${name}`, ratioOf(many, name, 'bucket1', perDecision), 'one policy', 1.2);
    }
    for (const [ours, theirs] of [
      ['bucket1', 'flexible1'],
      ['buckets3', 'flexible3'],
    ] as const) {
      const baseline = `rate-limiter-flexible, ${theirs === 'flexible1' ? 'one limiter' : 'a union of three'}`;
      printRatio(`time.${ours}`, ratioOf(many, ours, theirs, perDecision), baseline, 1);
      printRatio(`cpu.${ours}.beside`, ratioOf(many, ours, theirs, cpu), baseline, 1);
    }
  } finally {
    await server.close();
  }
}

async function measure({ decide }: Limiters, count: number, concurrency: number): Promise<Measured> {
  const measured = new Map<string, Decisions[]>();
  // The first round warms up.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, one] of Object.entries(decide)) {
      const decisions = await measureDecisions(one, count, concurrency);
      if (round > 0) measured.set(name, [...(measured.get(name) ?? []), decisions]);
    }
  }
  return measured;
}

/** The median of the ratios of each round to what the other cost in it. */
function ratioOf(measured: Measured, name: string, other: string, cost: (decisions: Decisions) => number): number {
  const [these = [], those = []] = [measured.get(name), measured.get(other)];
  return median(these.flatMap((decisions, i) => (those[i] === undefined ? [] : cost(decisions) / cost(those[i]))));
}

function printRatio(figure: string, ratio: number, baseline: string, most: number): void {
  const value = Number(ratio.toFixed(2));
  printFigure({ bench: 'limits', figure, value, unit: 'ratio', baseline, target: `<=${most}`, ok: value <= most });
}

function print(figure: string, value: number, unit: string): void {
  printFigure({ bench: 'limits', figure, value, unit });
}
