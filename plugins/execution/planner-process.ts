import { QueryPlanner, type QueryPlan } from '@graphql-hive/router-query-planner';

// The process that plans: a fault in the planner's native code ends it and not the gateway. See isolated-planner.ts for
// its other end.

export type PlannerMessage =
  | { readonly kind: 'supergraph'; readonly sdl: string }
  | ({ readonly kind: 'plan' } & PlanTask);

export interface PlanTask {
  readonly id: number;
  readonly document: string;
  readonly operationName: string | undefined;
  /** Labels of `@override` that are on. */
  readonly labels: readonly string[];
  /** The toss for `@override` by percentage, from 0 to 100. */
  readonly percentage: number;
}

export type PlannerReply =
  | { readonly kind: 'ready'; readonly labels: readonly string[]; readonly percentages: readonly number[] }
  | { readonly kind: 'unusable'; readonly reason: string }
  | { readonly kind: 'planned'; readonly id: number; readonly plan: QueryPlan }
  | { readonly kind: 'refused'; readonly id: number; readonly reason: string };

let planner: QueryPlanner | undefined;

function load(sdl: string): PlannerReply {
  try {
    planner = new QueryPlanner(sdl);
    return { kind: 'ready', labels: planner.overrideLabels, percentages: planner.overridePercentages };
  } catch (error) {
    return { kind: 'unusable', reason: (error as Error).message };
  }
}

async function plan({ id, document, operationName, labels, percentage }: PlanTask): Promise<PlannerReply> {
  try {
    if (!planner) throw new Error('there is no supergraph yet');
    return {
      kind: 'planned',
      id,
      plan: await planner.planAsync(document, operationName, new Set(labels), percentage),
    };
  } catch (error) {
    return { kind: 'refused', id, reason: (error as Error).message };
  }
}

process.on('message', (message: PlannerMessage) => {
  if (message.kind === 'supergraph') process.send?.(load(message.sdl));
  else void plan(message).then((reply) => process.send?.(reply));
});

// It ends with the gateway, however that ends, and not before: a Ctrl-C reaches both, and the gateway drains.
process.once('disconnect', () => process.exit());
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
