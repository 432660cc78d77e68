import type { ReachWitness } from './policy-decisions.ts';

/** Whether a policy engine could tell when it was last asked; `unknown` before that. */
export interface EngineStatus {
  readonly engine: string;
  readonly status: 'ok' | 'down' | 'unknown';
  /** Without addresses. */
  readonly error: string | null;
}

export interface EngineReach {
  readonly witness: ReachWitness;
  status(): readonly EngineStatus[];
}

export function engineReach(engines: readonly string[]): EngineReach {
  const known = new Map(engines.map((engine): [string, EngineStatus] => [engine, { engine, ...UNKNOWN }]));
  return {
    witness(engine, outage) {
      const { status, error } = known.get(engine) ?? UNKNOWN;
      // Mostly nothing has changed.
      if (outage === undefined ? status === 'ok' : error === outage) return;
      known.set(engine, { engine, status: outage === undefined ? 'ok' : 'down', error: outage ?? null });
    },
    status: () => [...known.values()],
  };
}

const UNKNOWN = { status: 'unknown', error: null } as const;
