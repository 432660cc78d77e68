import { Worker } from 'node:worker_threads';
import type { CompositionReply, CompositionReport, CompositionTask } from './composition-worker.ts';
import type { Subgraph } from './subgraph.ts';

/** Far longer than any composition measured (3 s for 2,000 types on a busy machine); it bounds an SDL made to hang it. */
const COMPOSITION_TIMEOUT = 60_000;

export interface Composer {
  /** Composes in another thread. Rejects when that thread fails or takes more than a minute; the next call has a new one. */
  compose(subgraphs: readonly Subgraph[], before?: string): Promise<CompositionReport>;
  close(): Promise<void>;
}

/** Starts its thread on first use and keeps it, warm, for the next. One composition at a time is the caller's matter. */
export function createComposer(timeout: number = COMPOSITION_TIMEOUT): Composer {
  let worker: Worker | undefined;
  let lastId = 0;

  async function end(): Promise<void> {
    const ending = worker;
    worker = undefined;
    await ending?.terminate();
  }

  return {
    async compose(subgraphs, before) {
      worker ??= new Worker(new URL('./composition-worker.ts', import.meta.url));
      worker.unref();
      const task: CompositionTask = { id: ++lastId, subgraphs, before };
      try {
        return await reply(worker, task, timeout);
      } catch (error) {
        await end();
        throw error;
      }
    },
    close: end,
  };
}

function reply(worker: Worker, task: CompositionTask, timeout: number): Promise<CompositionReport> {
  const { promise, resolve, reject } = Promise.withResolvers<CompositionReport>();
  const timer = setTimeout(() => reject(new Error(`composition took more than ${timeout} ms`)), timeout);
  const onMessage = (answer: CompositionReply) => {
    if (answer.id === task.id) resolve(answer);
  };
  const onExit = (code: number) => reject(new Error(`the composition thread ended with code ${code}`));
  worker.on('message', onMessage).on('error', reject).on('exit', onExit);
  worker.postMessage(task);
  return promise.finally(() => {
    clearTimeout(timer);
    worker.off('message', onMessage).off('error', reject).off('exit', onExit);
  });
}
