import { fork } from 'node:child_process';
import { once } from 'node:events';

/** A process of the bench that answers one command after the other. */
export interface Child<Command> extends AsyncDisposable {
  readonly pid: number;
  /** Rejects when it ends instead, or takes longer than `ANSWER_TIMEOUT`. */
  ask<Answer = unknown>(command: Command): Promise<Answer>;
}

/** ms */
const ANSWER_TIMEOUT = 120_000;

/** Starts a module of this folder that calls `obey`. */
export function startChild<Command extends object>(module: string, env: NodeJS.ProcessEnv = {}): Child<Command> {
  const child = fork(new URL(module, import.meta.url).pathname, {
    serialization: 'advanced',
    env: { ...process.env, ...env },
  });
  const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null;

  return {
    pid: child.pid ?? 0,
    async ask<Answer>(command: Command) {
      const over = new AbortController();
      const signal = AbortSignal.any([over.signal, AbortSignal.timeout(ANSWER_TIMEOUT)]);
      const ended = once(child, 'exit', { signal }).then(([code]) => {
        throw new Error(`${module} ended with code ${code}`);
      });
      try {
        if (isOver()) throw new Error(`${module} has ended`);
        child.send(command);
        const [answer] = (await Promise.race([once(child, 'message', { signal }), ended])) as [Answer];
        return answer;
      } catch (error) {
        throw new Error(`no answer to ${JSON.stringify(command)}`, { cause: error });
      } finally {
        over.abort();
      }
    },
    async [Symbol.asyncDispose]() {
      if (isOver()) return;
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    },
  };
}

/** In such a process: answers each command with what `handle` gives; whatever it throws ends the process. */
export function obey(handle: (command: never) => unknown): void {
  process.on('message', (command) => {
    void Promise.resolve(handle(command as never)).then((answer) => process.send?.(answer ?? null));
  });
  process.once('disconnect', () => process.exit(0));
}
