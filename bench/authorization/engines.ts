import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { authzenEngine, cedarEngine, rulesEngine } from '../../plugins/authorization/engines/index.ts';
import type { PolicyEngine, PolicyQuestion } from '../../plugins/authorization/index.ts';
import { cpuTime } from '../cpu-time.ts';
import { median } from '../figure.ts';
import { scopesOf } from './documents.ts';
import { forked } from './forked.ts';
import { principalWith } from './principal.ts';

const SIZES = [1, 20, 200];
const ROUNDS = 5;
/** ms that one measurement takes at least: the accounting is exact to some of them. */
const DURATION = 400;
const CEDAR = 'permit(principal, action, resource) when { context.args has id && context.args.id == principal.id };';
const CEL = 'has(args.id) && args.id == principal.id';

export interface EngineMeasure {
  readonly engine: string;
  /** In a batch. */
  readonly questions: number;
  /** Of CPU for the batch. */
  readonly microseconds: number;
}

/** CPU time of this process for the questions of one operation, by each engine. */
export async function measureEngines(): Promise<readonly EngineMeasure[]> {
  using point = await forked<string>(new URL('decision-point.ts', import.meta.url));
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-bench-authorization-'));
  await writeFile(join(directory, 'owner.cedar'), CEDAR);
  const engines: Readonly<Record<string, PolicyEngine>> = {
    cel: rulesEngine({ rules: { owner: CEL } }),
    cedar: cedarEngine({ directory }),
    authzen: authzenEngine({ url: point.message }),
  };
  try {
    const measured = new Map<string, number[]>();
    // The first round warms up.
    for (let round = 0; round <= ROUNDS; round++) {
      for (const [name, engine] of Object.entries(engines)) {
        for (const size of SIZES) {
          const key = `${name}.${size}`;
          const value = await measure(engine, questions(size));
          if (round > 0) measured.set(key, [...(measured.get(key) ?? []), value]);
        }
      }
      console.error(`round ${round} of the engines`);
    }
    return Object.keys(engines).flatMap((engine) =>
      SIZES.map((size) => ({
        engine,
        questions: size,
        microseconds: median(measured.get(`${engine}.${size}`) ?? []),
      })),
    );
  } finally {
    for (const engine of Object.values(engines)) await engine.close?.();
    await rm(directory, { recursive: true, force: true });
  }
}

function questions(count: number): readonly PolicyQuestion[] {
  const principal = principalWith(scopesOf());
  return Array.from({ length: count }, (_, at) => ({
    policy: 'owner',
    principal,
    action: { kind: 'query', coordinate: `Product.field${at}` },
    args: { id: principal.id },
    request: { operationName: 'Bench', address: '192.0.2.7' },
  }));
}

/** µs of CPU for the batch. */
async function measure(engine: PolicyEngine, batch: readonly PolicyQuestion[]): Promise<number> {
  const { signal } = new AbortController();
  const end = performance.now() + DURATION;
  const before = cpuTime(process.pid);
  let count = 0;
  do {
    const decisions = await engine.decide(batch, signal);
    if (decisions.some(({ outcome }) => outcome !== 'allow')) throw new Error(`${engine.name} does not allow`);
    count++;
  } while (performance.now() < end);
  return ((cpuTime(process.pid) - before) * 1_000) / count;
}
