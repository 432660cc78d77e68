import type { Redis } from 'ioredis';
import { retryDelay } from './client.ts';
import { call, deliver, type Subscription } from './fan-out.ts';
import type { Health } from './health.ts';
import { createSilenceWatch, HEARTBEAT_MS } from './heartbeat.ts';
import { errorText } from './error-text.ts';
import type { Log } from './log.ts';
import { closedError, type SharedStore } from './store.ts';

/** How long `subscribe` waits to be confirmed before it goes on without. */
const CONFIRMATION_MS = 1000;

interface Channel {
  readonly name: string;
  readonly subscriptions: Set<Subscription>;
  /** Subscriptions whose `subscribe` is still waiting to be confirmed. */
  readonly waiting: Map<Subscription, () => void>;
  /** The connection on which the server has confirmed this channel. */
  confirmedOn: Redis | undefined;
}

export interface Subscriptions {
  readonly subscribe: SharedStore['subscribe'];
  close(): void;
}

/**
 * All subscriptions, on one connection: opened with the first of them and, whenever it ends, opened anew, with every
 * channel subscribed again before `onReconnect` is called.
 *
 * @param open gives a connection that has not been connected yet and that ends instead of reconnecting
 */
export function createSubscriptions(open: () => Redis, health: Health, log: Log): Subscriptions {
  const channels = new Map<string, Channel>();
  let connection: Redis | undefined;
  let attempts = 0;
  let retry: NodeJS.Timeout | undefined;
  let closed = false;

  function connect(): void {
    const opened = open();
    connection = opened;
    let lastError: string | undefined;
    const stopWatching = giveUpWhenSilent(opened);
    opened.on('error', (error: unknown) => {
      lastError = errorText(error);
    });
    opened.on('message', (name: string, message: string) => {
      const channel = channels.get(name);
      if (channel !== undefined) deliver(name, channel.subscriptions, message, log);
    });
    opened.once('ready', () => subscribeOn(opened, [...channels.values()]));
    opened.once('end', () => {
      stopWatching();
      reportLost(opened);
      reportDown(lastError ?? 'the connection was closed');
      if (!closed) retry = setTimeout(connect, retryDelay(++attempts)).unref();
    });
    // What fails here is also emitted as an event.
    opened.connect().catch(() => {});
  }

  function subscribeOn(opened: Redis, wanted: readonly Channel[]): void {
    if (wanted.length === 0) {
      health.subscriptionsUp();
      return;
    }
    opened.subscribe(...wanted.map(({ name }) => name)).then(
      () => {
        attempts = 0;
        health.subscriptionsUp();
        for (const channel of wanted) if (channels.get(channel.name) === channel) confirm(channel, opened);
      },
      (error: unknown) => {
        reportDown(errorText(error));
        opened.disconnect();
      },
    );
  }

  function confirm(channel: Channel, opened: Redis): void {
    if (channel.confirmedOn === opened) return;
    channel.confirmedOn = opened;
    for (const subscription of channel.subscriptions.values().toArray()) {
      const goOn = channel.waiting.get(subscription);
      if (goOn !== undefined) goOn();
      else if (subscription.onReconnect !== undefined) call(channel.name, log, subscription.onReconnect);
    }
  }

  function reportDown(error: string): void {
    if (closed) return;
    health.down('subscriptions', `subscriptions: ${error}`);
    for (const { waiting } of channels.values()) for (const goOn of waiting.values()) goOn();
  }

  function reportLost(ended: Redis): void {
    if (closed) return;
    for (const channel of channels.values()) {
      if (channel.confirmedOn !== ended) continue;
      channel.confirmedOn = undefined;
      for (const { onLost } of channel.subscriptions.values().toArray()) {
        if (onLost !== undefined) call(channel.name, log, onLost);
      }
    }
  }

  function channelOf(name: string): Channel {
    const known = channels.get(name);
    if (known !== undefined) return known;
    const channel: Channel = { name, subscriptions: new Set(), waiting: new Map(), confirmedOn: undefined };
    channels.set(name, channel);
    if (connection === undefined) connect();
    else if (connection.status === 'ready') subscribeOn(connection, [channel]);
    return channel;
  }

  function remove(channel: Channel, subscription: Subscription): void {
    channel.waiting.get(subscription)?.();
    channel.subscriptions.delete(subscription);
    if (channel.subscriptions.size > 0 || channels.get(channel.name) !== channel) return;
    channels.delete(channel.name);
    // Without a connection the server has forgotten the channel anyway.
    if (connection?.status === 'ready') connection.unsubscribe(channel.name).catch(() => {});
  }

  return {
    async subscribe(name, listener, onReconnect, onLost) {
      if (closed) throw closedError();
      const subscription: Subscription = { listener, onReconnect, onLost };
      const channel = channelOf(name);
      channel.subscriptions.add(subscription);
      const confirmed = channel.confirmedOn !== undefined && channel.confirmedOn === connection;
      const down = health.errorOf('subscriptions') !== undefined;
      if (!confirmed && !down) {
        await new Promise<void>((resolve) => {
          const goOn = (): void => {
            clearTimeout(timer);
            channel.waiting.delete(subscription);
            resolve();
          };
          const timer = setTimeout(goOn, CONFIRMATION_MS);
          channel.waiting.set(subscription, goOn);
        });
      }
      const stands = channel.confirmedOn !== undefined && channel.confirmedOn === connection;
      if (!stands && onLost !== undefined && !closed) call(name, log, onLost);
      return () => remove(channel, subscription);
    },

    close() {
      closed = true;
      clearTimeout(retry);
      for (const { waiting } of channels.values()) for (const goOn of waiting.values()) goOn();
      channels.clear();
      connection?.disconnect();
    },
  };
}

/** Disconnects a connection that stopped answering. Returns what ends the watch. */
function giveUpWhenSilent(connection: Redis): () => void {
  const silence = createSilenceWatch();
  const timer = setInterval(() => {
    if (silence.isSilent(connection)) connection.disconnect();
    // A lost connection shows by its end.
    else if (connection.status === 'ready')
      connection.ping().then(
        () => silence.answered(connection),
        () => {},
      );
  }, HEARTBEAT_MS).unref();
  return () => clearInterval(timer);
}
