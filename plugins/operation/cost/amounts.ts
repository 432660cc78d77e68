/** What a part of an operation costs: in total, then for each subgraph of the plan. They stop at `MAX_SAFE_INTEGER`. */
export type Amounts = readonly number[];

/** `owners`: indexes of subgraphs. Each of them has all of it: which one is asked, the planner decides. */
export function amountFor(owners: readonly number[], value: number, subgraphs: number): Amounts {
  const amounts = [bounded(value)];
  for (let owner = 0; owner < subgraphs; owner++) amounts.push(owners.includes(owner) ? bounded(value) : 0);
  return amounts;
}

/** The sum of them, by subgraph too; there is at least one. */
export function sum(all: readonly Amounts[]): Amounts {
  return joined(all, (one, other) => bounded(one + other));
}

/** The most of each, by subgraph too; there is at least one. */
export function most(all: readonly Amounts[]): Amounts {
  return joined(all, Math.max);
}

export function times(factor: number, amounts: Amounts): Amounts {
  return amounts.map((amount) => bounded(factor * amount));
}

function joined([first = [], ...others]: readonly Amounts[], join: (one: number, other: number) => number): Amounts {
  const result = [...first];
  for (const other of others) {
    for (let at = 0; at < result.length; at++) result[at] = join(result[at] ?? 0, other[at] ?? 0);
  }
  return result;
}

/** Neither negative nor above what integers are exact to. */
export function bounded(value: number): number {
  return Math.min(Math.max(value, 0), Number.MAX_SAFE_INTEGER);
}
