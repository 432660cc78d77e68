import type { FieldNode } from 'graphql';
import type { Coordinate } from '../coordinates.ts';
import { once } from '../once.ts';
import { valueFor, type Variables } from './by-variables.ts';
import type { CostPlan, PlannedField } from './plan.ts';

/** What is wrong with a request, by `@listSize`. */
export interface CostProblem {
  readonly coordinate: Coordinate;
  /** Where it stands in the document. */
  readonly node: FieldNode;
  /** For the person who wrote the operation. */
  readonly message: string;
}

export type ProblemsFor = (variables: Variables) => readonly CostProblem[];

/**
 * Fields that take exactly one of their slicing arguments and are given none or several, each once (IBM, section 8.4).
 * Where none is given, one may have a default; a null is not given.
 */
export function problemFinder({ places }: CostPlan): ProblemsFor {
  const requiring = once(() => {
    const fields = places.flatMap(({ alternatives }) => alternatives.flatMap((one) => one.fields));
    return fields.filter(({ cost: { listSize } }) => {
      return listSize?.requiresOneSlicingArgument && listSize.slicingArguments.length > 0;
    });
  });
  return (variables) => {
    const problems = requiring().flatMap((field) => problemOf(field, variables) ?? []);
    return [...new Map(problems.map((problem) => [problem.node, problem])).values()];
  };
}

function problemOf({ cost, node, slices }: PlannedField, variables: Variables): CostProblem | undefined {
  const asked = valueFor(slices, variables);
  const given = asked.filter(({ isGiven }) => isGiven);
  if (given.length === 1 || (given.length === 0 && asked.length === 1)) return undefined;
  const { coordinate, listSize } = cost;
  const names = listed(listSize?.slicingArguments.map((path) => path.join('.')) ?? []);
  const wanted = listSize?.slicingArguments.length === 1 ? `the argument ${names}` : `exactly one of ${names}`;
  const found = given.length === 0 ? 'it has none' : `it has ${listed(given.map(({ name }) => name))}`;
  const message = `"${coordinate}" needs ${wanted}, which says how many items to return at most; ${found}.`;
  return { coordinate, node, message };
}

function listed(names: readonly string[]): string {
  const quoted = names.map((name) => `"${name}"`);
  return [quoted.slice(0, -1).join(', '), ...quoted.slice(-1)].filter((part) => part !== '').join(' and ');
}
