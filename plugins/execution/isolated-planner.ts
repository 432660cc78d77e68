import type { ChildProcess } from 'node:child_process';
import { Kind, parse, print, visit } from 'graphql';
import type { QueryPlan } from '@graphql-hive/router-query-planner';
import type { PlannerMessage, PlannerReply, PlanTask } from './planner-process.ts';
import { lastWords, spawnPlanner, type PlannerReady } from './spawn-planner.ts';

/** Plans under way at a time: the threads that Node gives to native work. */
const CONCURRENCY = 4;
/** Operations that may wait for their plan; far more than a gateway sees that has its documents planned. */
const QUEUE = 1_000;
/** ms. The largest plan measured takes a tenth of a second; this bounds an operation made to hang the planner. */
const PLAN_TIMEOUT = 10_000;
/** Of a document, in characters. */
const LOGGED = 2_000;

/** What it tells when the planner's process died of an operation or hung on it. */
export interface PlannerLog {
  error(details: object, message: string): void;
}

export interface IsolatedPlanner {
  readonly labels: readonly string[];
  readonly percentages: readonly number[];
  /** Rejects with the planner's word, or with `PlannerDied` when the operation ended its process. */
  plan(task: Omit<PlanTask, 'id'>): Promise<QueryPlan>;
  close(): void;
}

/** The planner's process ended while it planned this operation alone: it would again. */
export class PlannerDied extends Error {
  override readonly name = 'PlannerDied';
}

interface Pending {
  readonly task: PlanTask;
  resolve(plan: QueryPlan): void;
  reject(error: Error): void;
}

/**
 * The query planner in a process of its own. Its native code ends its process on some valid operations
 * (`mismatch_finder.rs`, "index out of bounds"), which any client can send. The process is then started again; of the
 * operations that were being planned each is tried once more, alone, so that only the one at fault fails.
 *
 * Rejects when the planner does not take the supergraph.
 */
export async function startPlanner(sdl: string, log: PlannerLog | undefined): Promise<IsolatedPlanner> {
  const waiting: Pending[] = [];
  /** Were under way when the process ended. */
  const suspects: Pending[] = [];
  const sent = new Map<number, { readonly pending: Pending; readonly timer: NodeJS.Timeout }>();
  let lastId = 0;
  let child: ChildProcess | undefined;
  let isStarting = false;
  let isClosed = false;

  async function start(): Promise<PlannerReady> {
    isStarting = true;
    try {
      const { started, ready } = await spawnPlanner(sdl);
      if (isClosed) started.kill('SIGKILL');
      child = started;
      watch(started);
      return ready;
    } finally {
      isStarting = false;
    }
  }

  function watch(started: ChildProcess): void {
    const words = lastWords(started);
    started.on('message', take);
    started.once('exit', () => {
      child = undefined;
      if (!isClosed) lose(words());
    });
  }

  function take(reply: PlannerReply): void {
    if (reply.kind !== 'planned' && reply.kind !== 'refused') return;
    const entry = sent.get(reply.id);
    if (!entry) return;
    settle(reply.id);
    if (reply.kind === 'planned') entry.pending.resolve(reply.plan);
    else entry.pending.reject(new Error(reply.reason));
    proceed();
  }

  function settle(id: number): void {
    clearTimeout(sent.get(id)?.timer);
    sent.delete(id);
  }

  /** The process has ended with what was sent to it. */
  function lose(words: string): void {
    const lost = [...sent.values()].map(({ pending }) => pending);
    for (const { task } of lost) settle(task.id);
    const [only] = lost;
    if (only && lost.length === 1) fail(only, `The planner's process ended: ${words}`);
    else suspects.push(...lost);
    proceed();
  }

  function fail({ task, reject }: Pending, reason: string): void {
    log?.error({ operationName: task.operationName, document: withoutLiterals(task.document) }, reason);
    reject(new PlannerDied(reason));
  }

  function proceed(): void {
    if (isClosed || isStarting || (suspects.length === 0 && waiting.length === 0)) return;
    if (!child) {
      start().then(proceed, giveUp);
      return;
    }
    for (;;) {
      const isAlone = suspects.length > 0;
      if (sent.size >= (isAlone ? 1 : CONCURRENCY)) return;
      const next = isAlone ? suspects.shift() : waiting.shift();
      if (!next) return;
      send(child, next);
      if (isAlone) return;
    }
  }

  function send(to: ChildProcess, pending: Pending): void {
    const { id } = pending.task;
    const timer = setTimeout(() => {
      settle(id);
      fail(pending, `No plan within ${PLAN_TIMEOUT} ms`);
      to.kill('SIGKILL');
    }, PLAN_TIMEOUT);
    sent.set(id, { pending, timer });
    // A process that is gone cannot be sent to; its exit is on the way and deals with all that was.
    to.send({ kind: 'plan', ...pending.task } satisfies PlannerMessage, () => {});
  }

  /** There is no process to plan with. The next operation tries for one again. */
  function giveUp(error: Error): void {
    log?.error({ err: error }, "The planner's process could not be started again");
    for (const { reject } of [...suspects.splice(0), ...waiting.splice(0)]) reject(error);
  }

  const { labels, percentages } = await start();
  return {
    labels,
    percentages,
    plan(task) {
      if (isClosed) return Promise.reject(new Error('the schema of this operation is no longer served'));
      if (waiting.length >= QUEUE) return Promise.reject(new Error(`${QUEUE} operations wait for their plan already`));
      const { promise, resolve, reject } = Promise.withResolvers<QueryPlan>();
      waiting.push({ task: { ...task, id: ++lastId }, resolve, reject });
      proceed();
      return promise;
    },
    close() {
      isClosed = true;
      child?.kill('SIGKILL');
      for (const { timer } of sent.values()) clearTimeout(timer);
      const error = new Error('the schema of this operation is no longer served');
      for (const { reject } of [...suspects, ...waiting, ...[...sent.values()].map(({ pending }) => pending)]) {
        reject(error);
      }
    },
  };
}

/** For the log, which is no place for what clients write into their documents. */
function withoutLiterals(document: string): string {
  const blank = { kind: Kind.STRING, value: '' } as const;
  return print(visit(parse(document), { StringValue: () => blank })).slice(0, LOGGED);
}
