import { QueryPlanner, type QueryPlan } from '@graphql-hive/router-query-planner';
import { print, type DocumentNode } from 'graphql';

export interface PlanRequest {
  readonly document: DocumentNode;
  readonly operationName: string | undefined;
  /** Labels of `@override` that are on for this request. */
  readonly labels: ReadonlySet<string>;
  readonly signal: AbortSignal | undefined;
}

/** Plans operations, each once for a document and what of `@override` is on. */
export interface Planner {
  plan(request: PlanRequest): QueryPlan | Promise<QueryPlan>;
  /** Labels of `@override` that are not percentages. */
  readonly labels: readonly string[];
}

export function createPlanner(supergraphSdl: string): Planner {
  const planner = new QueryPlanner(supergraphSdl);
  const percentages = planner.overridePercentages.toSorted((a, b) => a - b);
  const plans = new WeakMap<DocumentNode, Map<string, QueryPlan | Promise<QueryPlan>>>();

  function makePlan({ document, operationName, labels, signal }: PlanRequest, percentage: number): Promise<QueryPlan> {
    return planner.planAsync(print(document), operationName, new Set(labels), percentage, signal);
  }

  return {
    labels: planner.overrideLabels,
    plan(request) {
      const percentage = percentages.length === 0 ? 0 : tossPercentage();
      // Two tosses that fall between the same percentages have the same plan.
      const bucket = percentages.filter((one) => percentage > one).length;
      const key = [request.operationName ?? '', bucket, ...request.labels].join('|');
      const known = plans.get(request.document) ?? new Map<string, QueryPlan | Promise<QueryPlan>>();
      plans.set(request.document, known);
      const plan = known.get(key);
      if (plan) return plan;
      const making = makePlan(request, percentage).then(
        (made) => {
          known.set(key, made);
          return made;
        },
        (error: unknown) => {
          known.delete(key);
          throw error;
        },
      );
      known.set(key, making);
      return making;
    },
  };
}

/** From 0 to 100. `PROGRESSIVE_OVERRIDE_RNG` (0 to 1, as for Hive Gateway's own engine) decides it, for tests. */
function tossPercentage(): number {
  const fixed = Number(process.env.PROGRESSIVE_OVERRIDE_RNG ?? Number.NaN);
  return (fixed >= 0 && fixed < 1 ? fixed : Math.random()) * 100;
}
