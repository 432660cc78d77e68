import { errorText } from './error-text.ts';
import type { Log } from './log.ts';
import type { MessageListener } from './store.ts';

/** One call of `subscribe`. */
export interface Subscription {
  readonly listener: MessageListener;
  readonly onReconnect: (() => void | Promise<void>) | undefined;
  readonly onLost: (() => void | Promise<void>) | undefined;
}

/** Hands a message to the listeners of its channel; one that unsubscribes meanwhile is passed over. */
export function deliver(channel: string, subscriptions: ReadonlySet<Subscription>, message: string, log: Log): void {
  for (const subscription of subscriptions.values().toArray()) {
    if (subscriptions.has(subscription)) call(channel, log, () => subscription.listener(message));
  }
}

/** Calls into a subscriber's code. What fails there is its own; nobody is left to reject to. */
export function call(channel: string, log: Log, callback: () => void | Promise<void>): void {
  const run = async (): Promise<void> => callback();
  run().catch((error: unknown) => log.error({ channel, error: errorText(error) }, 'A subscriber failed.'));
}
