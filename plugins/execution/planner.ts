import type { QueryPlan } from '@graphql-hive/router-query-planner';
import { print, type DocumentNode } from 'graphql';
import { PlannerDied, type IsolatedPlanner } from './isolated-planner.ts';

export interface PlanRequest {
  readonly document: DocumentNode;
  readonly operationName: string | undefined;
  /** Labels of `@override` that are on for this request. */
  readonly labels: ReadonlySet<string>;
}

/** Plans operations, each once for a document and what of `@override` is on. */
export interface Planner {
  plan(request: PlanRequest): QueryPlan | Promise<QueryPlan>;
  /** Labels of `@override` that are not percentages. */
  readonly labels: readonly string[];
}

export function plannerOf(planner: IsolatedPlanner): Planner {
  const percentages = planner.percentages.toSorted((a, b) => a - b);
  const plans = new WeakMap<DocumentNode, Map<string, QueryPlan | Promise<QueryPlan>>>();
  const toss = tosses();

  return {
    labels: planner.labels,
    plan({ document, operationName, labels }) {
      const percentage = percentages.length === 0 ? 0 : toss();
      // Two tosses that fall between the same percentages have the same plan.
      let bucket = 0;
      for (const one of percentages) if (percentage > one) bucket++;
      let key = `${operationName ?? ''}|${bucket}`;
      for (const label of labels) key += `|${label}`;
      const known = plans.get(document) ?? new Map<string, QueryPlan | Promise<QueryPlan>>();
      const plan = known.get(key);
      if (plan) return plan;
      plans.set(document, known);
      const task = { document: print(document), operationName, labels: [...labels], percentage };
      const making = planner.plan(task).then(
        (made) => {
          known.set(key, made);
          return made;
        },
        (error: unknown) => {
          // What ended the planner would end it again.
          if (!(error instanceof PlannerDied)) known.delete(key);
          throw error;
        },
      );
      known.set(key, making);
      return making;
    },
  };
}

/** From 0 to 100. `PROGRESSIVE_OVERRIDE_RNG` (0 to 1, as for Hive Gateway's own engine) decides them, for tests. */
function tosses(): () => number {
  const fixed = Number(process.env.PROGRESSIVE_OVERRIDE_RNG ?? Number.NaN);
  return fixed >= 0 && fixed < 1 ? () => fixed * 100 : () => Math.random() * 100;
}
