import { fork, type ChildProcess } from 'node:child_process';
import type { PlannerMessage, PlannerReply } from './planner-process.ts';

export type PlannerReady = Extract<PlannerReply, { kind: 'ready' }>;

/** ms; the largest supergraph measured takes a fifth of a second. */
const START_TIMEOUT = 60_000;
/** Of what the process said before it ended, in characters. */
const LAST_WORDS = 2_000;

/** Starts a planner's process with a supergraph. Rejects when it is not taken. */
export async function spawnPlanner(
  sdl: string,
): Promise<{ readonly started: ChildProcess; readonly ready: PlannerReady }> {
  // Nothing of the gateway's environment, which has secrets.
  const started = fork(new URL('./planner-process.ts', import.meta.url), {
    env: {},
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const { promise, resolve, reject } = Promise.withResolvers<PlannerReply>();
  const words = lastWords(started);
  const onExit = () => reject(new Error(`The planner's process ended before it was ready: ${words()}`));
  const timer = setTimeout(() => reject(new Error(`No planner within ${START_TIMEOUT} ms`)), START_TIMEOUT);
  started.once('message', resolve).once('error', reject).once('exit', onExit);
  started.send({ kind: 'supergraph', sdl } satisfies PlannerMessage, () => {});
  try {
    const reply = await promise;
    if (reply.kind === 'unusable') throw new Error(reply.reason);
    if (reply.kind !== 'ready') throw new Error(`the planner's process began with "${reply.kind}"`);
    // It must not keep a gateway alive that is done.
    started.unref();
    started.channel?.unref();
    return { started, ready: reply };
  } catch (error) {
    started.kill('SIGKILL');
    throw error;
  } finally {
    clearTimeout(timer);
    started.off('exit', onExit).off('error', reject);
  }
}

/** The end of what a process wrote to its standard error. */
export function lastWords({ stderr }: ChildProcess): () => string {
  let words = '';
  stderr?.on('data', (chunk: Buffer) => (words = (words + chunk.toString()).slice(-LAST_WORDS)));
  return () => words.trim();
}
