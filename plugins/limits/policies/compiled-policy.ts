import type { Cost } from '../../operation/index.ts';
import { checkBucket } from '../buckets/bucket.ts';
import type { Entry } from '../buckets/entry.ts';
import { createQuota } from '../quotas/quota.ts';
import { matcher } from './match.ts';
import type { Caller, NamedOperation, QuotaPolicy, RatePolicy, Unit } from './policy.ts';
import { scopeKey } from './scope.ts';

/** A policy, ready to be asked about operations. */
export interface CompiledPolicy {
  readonly name: string;
  readonly unit: Unit;
  readonly countsEvents: boolean;
  /** What it takes for an operation; undefined when it is not for it. */
  entryFor(caller: Caller, operation: NamedOperation, cost: Cost): Entry | undefined;
  /** What is to be counted when this is what was used. */
  amountOf(cost: Cost): number;
}

const NAME = /^[\w-]{1,64}$/;
const SCOPES = new Set(['principal', 'client', 'address', 'operation', 'global']);
const FAILURES = new Set(['local', 'allow', 'deny']);

/** Throws an `Error` that names the policy and the option that is wrong. */
export function compilePolicies(
  rates: readonly RatePolicy[],
  quotas: readonly QuotaPolicy[],
): readonly CompiledPolicy[] {
  const names = new Set<string>();
  for (const { name } of [...rates, ...quotas]) {
    if (names.has(name)) throw new Error(`useLimits: there are two policies named "${name}"`);
    names.add(name);
  }
  return [...rates.map(compileRate), ...quotas.map(compileQuota)];
}

function compileRate(policy: RatePolicy): CompiledPolicy {
  const { name, capacity, refillPerSecond } = policy;
  const own = { capacity, refillPerSecond };
  named(name, () => checkBucket(own, ''));
  return compiled(policy, (asked, { principal }) => {
    const limits = principal.limits;
    const bucket = limits && Object.hasOwn(limits, name) ? (limits[name] ?? own) : own;
    return { ...asked, kind: 'bucket', bucket };
  });
}

function compileQuota(policy: QuotaPolicy): CompiledPolicy {
  const quota = named(policy.name, () => createQuota(policy));
  return compiled(policy, (asked) => ({ ...asked, kind: 'quota', quota }));
}

type Asked = Pick<Entry, 'key' | 'amount' | 'onStoreFailure'>;

function compiled(
  {
    name,
    match,
    unit = 'request',
    subgraph,
    scope = 'principal',
    events = false,
    onStoreFailure = 'local',
  }: RatePolicy | QuotaPolicy,
  entryOf: (asked: Asked, caller: Caller) => Entry,
): CompiledPolicy {
  const wrong = (option: string, value: unknown, takes: string) =>
    new Error(`useLimits: ${option} of the policy "${name}" is ${JSON.stringify(value)}; it takes ${takes}`);
  if (!NAME.test(name)) throw wrong('name', name, 'up to 64 letters, digits, - and _');
  if (unit !== 'request' && unit !== 'cost') throw wrong('unit', unit, '"request" or "cost"');
  if (!SCOPES.has(scope)) throw wrong('scope', scope, [...SCOPES].join(', '));
  if (!FAILURES.has(onStoreFailure)) throw wrong('onStoreFailure', onStoreFailure, [...FAILURES].join(', '));
  if (subgraph !== undefined && unit !== 'cost') throw wrong('subgraph', subgraph, 'the unit "cost" beside it');
  const matches = matcher(match);

  function amountOf(cost: Cost): number {
    if (unit === 'request') return 1;
    return subgraph === undefined ? cost.total : (cost.bySubgraph.get(subgraph) ?? 0);
  }

  return {
    name,
    unit,
    countsEvents: events,
    amountOf,
    entryFor(caller, operation, cost) {
      if (!matches(caller, operation)) return undefined;
      const key = `${name}:${scopeKey(scope, caller, operation)}`;
      return entryOf({ key, amount: amountOf(cost), onStoreFailure }, caller);
    },
  };
}

function named<Value>(name: string, make: () => Value): Value {
  try {
    return make();
  } catch (cause) {
    throw new Error(`useLimits: the policy "${name}" is wrong: ${(cause as Error).message}`, { cause });
  }
}
