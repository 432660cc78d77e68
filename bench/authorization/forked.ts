import { fork } from 'node:child_process';
import { once } from 'node:events';

/** A process of its own, so that its CPU time is nobody else's. */
export interface Forked<Message> extends Disposable {
  /** The first that it sent. */
  readonly message: Message;
}

/** Starts a module that sends a message when it is ready, and ends when it is disconnected. */
export async function forked<Message>(module: URL): Promise<Forked<Message>> {
  const child = fork(module.pathname);
  const [message] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`${module.pathname} ended with code ${code}`);
    }),
  ])) as [Message];
  return { message, [Symbol.dispose]: () => void child.kill() };
}
