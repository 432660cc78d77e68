import type { FetchNode, PlanNode } from '@graphql-hive/router-query-planner';
import { isAsyncIterable } from '@graphql-tools/utils';
import { completeResponse, type CompletedResponse } from './complete.ts';
import { completeOnData } from './decide-on-data.ts';
import { fetchEntities } from './fetch-entities.ts';
import { fetchFailures } from './fetch-failures.ts';
import { responseKeys } from './fetch-operation.ts';
import { isObject } from './json.ts';
import { mergeInto } from './merge.ts';
import { applyRewrites } from './rewrites.ts';
import {
  noData,
  sendOnce,
  sendSafely,
  type Execution,
  type PlanContext,
  type SubgraphAnswer,
} from './subgraph-operation.ts';

/** Executes the plan of a query or mutation. Never rejects for what a subgraph does. */
export async function executePlan(context: PlanContext, node: PlanNode): Promise<CompletedResponse> {
  const execution: Execution = { ...context, data: {}, failures: fetchFailures() };
  await executeNode(execution, node);
  return complete(execution);
}

/**
 * Executes the plan of a subscription: a response for each event, each with errors of its own only; or, when the
 * subgraph refuses, one response.
 */
export async function subscribePlan(
  context: PlanContext,
  primary: FetchNode,
  rest: readonly PlanNode[],
): Promise<CompletedResponse | AsyncIterable<CompletedResponse>> {
  function begin(answer: SubgraphAnswer): Execution {
    const execution: Execution = { ...context, data: {}, failures: fetchFailures() };
    takeRootAnswer(execution, primary, answer);
    return execution;
  }

  async function finish(execution: Execution): Promise<CompletedResponse> {
    for (const node of rest) await executeNode(execution, node);
    return complete(execution);
  }

  async function respond(answer: SubgraphAnswer): Promise<CompletedResponse | undefined> {
    const execution = begin(answer);
    const data = isObject(answer.data) ? execution.data : undefined;
    const passes = await context.eventGate?.(data, answer.errors ?? []);
    return passes === false ? undefined : finish(execution);
  }

  const answer = await sendSafely(context, primary, undefined);
  return isAsyncIterable(answer) ? eachThatPasses(answer, respond) : finish(begin(answer));
}

/** What becomes of each item, in order; of some, nothing does. */
function eachThatPasses<Item, Result>(
  items: AsyncIterable<Item>,
  become: (item: Item) => Promise<Result | undefined>,
): AsyncIterableIterator<Result> {
  const source = items[Symbol.asyncIterator]();
  return {
    async next() {
      for (;;) {
        const step = await source.next();
        if (step.done === true) return { done: true, value: undefined };
        const value = await become(step.value);
        if (value !== undefined) return { done: false, value };
      }
    },
    async return() {
      await source.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function complete(execution: Execution): CompletedResponse | Promise<CompletedResponse> {
  const { onData } = execution.withheld ?? {};
  return onData ? completeOnData(execution, onData) : completeResponse(execution);
}

async function executeNode(execution: Execution, node: PlanNode): Promise<void> {
  switch (node.kind) {
    case 'Sequence':
      for (const step of node.nodes) await executeNode(execution, step);
      return;
    case 'Parallel':
      await Promise.all(node.nodes.map((branch) => executeNode(execution, branch)));
      return;
    case 'Condition': {
      const clause = execution.variables[node.condition] === true ? node.ifClause : node.elseClause;
      if (clause) await executeNode(execution, clause);
      return;
    }
    case 'Fetch':
      takeRootAnswer(execution, node, await sendOnce(execution, node, undefined));
      return;
    case 'Flatten':
      if (node.node.kind !== 'Fetch') throw new Error(`the plan flattens a ${node.node.kind}`);
      await fetchEntities(execution, node.node, [
        {
          answerKey: '_entities',
          variable: 'representations',
          paths: [node.path],
          requires: node.node.requires ?? [],
          inputRewrites: node.node.inputRewrites,
          outputRewrites: undefined,
        },
      ]);
      return;
    case 'BatchFetch':
      await fetchEntities(
        execution,
        node,
        node.entityBatch.aliases.map(({ alias, representationsVariableName, ...rest }) => ({
          answerKey: alias,
          variable: representationsVariableName,
          paths: rest.paths,
          requires: rest.requires,
          inputRewrites: rest.inputRewrites,
          outputRewrites: rest.outputRewrites,
        })),
      );
      return;
    case 'Subscription':
    case 'Defer':
      throw new Error(`the plan has a ${node.kind} within another step`);
  }
}

function takeRootAnswer(execution: Execution, node: FetchNode, { data, errors = [] }: SubgraphAnswer): void {
  if (isObject(data)) {
    if (node.outputRewrites) applyRewrites(data, node.outputRewrites, execution.isOfType);
    mergeInto(execution.data, data);
  }
  const { failures } = execution;
  for (const error of errors) {
    if (error.path?.length) failures.locate(node.serviceName, error, error.path);
    else failures.fail(node.serviceName, error, [execution.data], responseKeys(node));
  }
  if (!isObject(data) && errors.length === 0) {
    failures.fail(node.serviceName, noData(node.serviceName), [execution.data], responseKeys(node));
  }
}
