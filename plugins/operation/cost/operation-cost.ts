import { valueFromASTUntyped, type OperationDefinitionNode, type OperationTypeNode, type SelectionNode } from 'graphql';
import { LRUCache } from 'lru-cache';
import { conditionsOf, isRuledOut } from '../conditions.ts';
import type { Fragments } from '../definitions.ts';
import { once } from '../once.ts';
import { actualAmounts } from './actual.ts';
import { amountFor, bounded, sum, type Amounts } from './amounts.ts';
import type { Variables } from './by-variables.ts';
import { conditionVariables } from './condition-variables.ts';
import { estimator } from './estimate.ts';
import type { SchemaCosts } from './field-costs.ts';
import { planOf, type CostPlan } from './plan.ts';
import { problemFinder, type CostProblem, type ProblemsFor } from './problems.ts';

/** In units of `@cost`: 1 is an object of which the schema says nothing. From 0 to `Number.MAX_SAFE_INTEGER`. */
export interface Cost {
  readonly total: number;
  /**
   * By name, when the owners of fields are known. A field that several subgraphs own counts for each of them, since the
   * planner decides which one it asks: the parts may be more than the total, and none is more than it may come to.
   */
  readonly bySubgraph: ReadonlyMap<string, number>;
}

/** `variables` are those of the request, as it has them. */
type Given = Readonly<Record<string, unknown>> | null | undefined;

/**
 * What an operation costs (IBM, "GraphQL Cost Directives"), as Hive Router adds it up:
 *
 *     field = its @cost + its arguments + items of its list * (its type's @cost + its selections)
 *
 * - Without `@cost` an object is 1, a leaf 0; a field and an argument that is a leaf 0; an input object 1. An operation
 *   is 0, a mutation 10. A field's weight is for each time that it is resolved, not for each item that it gives. (Apollo
 *   Router takes the field's weight in place of its type's, and times the items.)
 * - A weight on an argument or an input field stands for the 1 of an input object (IBM and Apollo Router; Hive Router
 *   adds both), and for each object of a list. An argument that is null or left out costs nothing.
 * - Negative weights count within a field and its arguments; together these are no less than 0 (IBM, section 5.3.2.2).
 *   A type's weight is no less than 0.
 * - Selections of one response key are one; `@skip` and `@include` are as the variables say. An object of an interface or
 *   a union costs the most that one of its possible types does. Introspection and `__typename` are free.
 * - Lists within lists multiply: those inside have the default size each.
 *
 * A subscription costs what one of its events does. What the planner asks of subgraphs beside what the client does, keys
 * and `@requires`, is not counted.
 */
export interface OperationCost {
  /**
   * The most it can cost, if lists keep to their sizes. It is `Number.MAX_SAFE_INTEGER`, in all and for each subgraph, of
   * documents that are far beyond any that people write: 500 levels, or 100,000 selections to visit, where those that
   * fragments repeat count once, and those on an interface for each of its types.
   */
  estimate(variables: Given): Cost;
  /** Where the variables and arguments break `requireOneSlicingArgument`; an estimate there takes the largest. */
  problems(variables: Given): readonly CostProblem[];
  /**
   * What it has cost, by the data that the client gets: never more than the estimate, if lists kept to their sizes. What
   * a null has taken away is not counted, but for the field that is null.
   */
  actual(data: Readonly<Record<string, unknown>> | null | undefined, variables: Given): Cost;
}

const OPERATION_WEIGHTS: Readonly<Record<OperationTypeNode, number>> = { query: 0, mutation: 10, subscription: 0 };
/** Selections that are visited for one plan. */
const MOST_STEPS = 100_000;

const OUTCOMES = new Map<unknown, string>([
  [true, '+'],
  [false, '-'],
]);

/** An operation under the conditions of some variables. */
interface Compiled {
  readonly plan: CostPlan;
  readonly base: Amounts;
  readonly estimate: (variables: Variables) => Amounts;
  readonly problems: ProblemsFor;
  /** How much work it was, which is also how much memory it takes. */
  readonly steps: number;
}

/** `fragments` are those that the operation comes to. What is made for a document is made when it is first asked for. */
export function operationCost(
  costs: SchemaCosts,
  operation: OperationDefinitionNode,
  fragments: Fragments,
): OperationCost {
  const compiledFor = once(() => compiler(costs, operation, fragments));
  const defaults = once(() => defaultsOf(operation));
  const tooMuch = once(() => mostOf(costs.subgraphs()));

  function withDefaults(given: Given): Variables {
    return { __proto__: null, ...defaults(), ...given };
  }

  return {
    estimate(given) {
      const variables = withDefaults(given);
      const compiled = compiledFor()(variables);
      if (!compiled) return tooMuch();
      return costOf(sum([compiled.base, compiled.estimate(variables)]), compiled.plan.subgraphs);
    },
    problems(given) {
      const variables = withDefaults(given);
      return compiledFor()(variables)?.problems(variables) ?? [];
    },
    actual(data, given) {
      const variables = withDefaults(given);
      const compiled = compiledFor()(variables);
      if (!compiled) return tooMuch();
      const { plan, base } = compiled;
      return costOf(data ? sum([base, actualAmounts(plan, data, variables)]) : base, plan.subgraphs);
    },
  };
}

/** Compiles anew for each outcome of the conditions, and remembers those that are in use. */
function compiler(costs: SchemaCosts, operation: OperationDefinitionNode, fragments: Fragments) {
  const conditional = conditionVariables(operation, fragments);
  if (conditional.length === 0) {
    const compiled = compile(costs, operation, fragments, {});
    return () => compiled;
  }
  const remembered = new LRUCache<string, { readonly compiled: Compiled | undefined }>({
    maxSize: MOST_STEPS,
    sizeCalculation: ({ compiled }) => compiled?.steps ?? 1,
  });
  return (variables: Variables) => {
    const outcome = conditional.map((name) => OUTCOMES.get(variables[name]) ?? '?').join('');
    const known = remembered.get(outcome) ?? { compiled: compile(costs, operation, fragments, variables) };
    remembered.set(outcome, known);
    return known.compiled;
  };
}

function compile(
  costs: SchemaCosts,
  operation: OperationDefinitionNode,
  fragments: Fragments,
  variables: Variables,
): Compiled | undefined {
  const budget = { left: MOST_STEPS };
  const isIncluded = (selection: SelectionNode) =>
    !isRuledOut(selection) && conditionsOf(selection).every(({ variable, wanted }) => variables[variable] !== !wanted);
  const plan = planOf(costs, operation, { schema: costs.schema, fragments, isIncluded, budget });
  if (budget.left <= 0) return undefined;
  const asked = plan.root.alternatives.flatMap(({ fields }) => fields.flatMap(({ owners }) => owners));
  return {
    plan,
    base: amountFor(asked, OPERATION_WEIGHTS[operation.operation], plan.subgraphs.length),
    estimate: estimator(plan),
    problems: problemFinder(plan),
    steps: MOST_STEPS - budget.left,
  };
}

function defaultsOf({ variableDefinitions = [] }: OperationDefinitionNode): Variables {
  return Object.fromEntries(
    variableDefinitions.flatMap(({ variable, defaultValue }) =>
      defaultValue ? [[variable.name.value, valueFromASTUntyped(defaultValue)]] : [],
    ),
  );
}

/** The most that can be said, of every subgraph that may be asked. */
function mostOf(subgraphs: readonly string[]): Cost {
  const total = Number.MAX_SAFE_INTEGER;
  return { total, bySubgraph: new Map(subgraphs.map((name) => [name, total])) };
}

function costOf([total = 0, ...parts]: Amounts, subgraphs: readonly string[]): Cost {
  const bySubgraph = new Map<string, number>();
  for (const [index, name] of subgraphs.entries()) bySubgraph.set(name, bounded(parts[index] ?? 0));
  return { total: bounded(total), bySubgraph };
}
