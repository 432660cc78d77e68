import { errorCode } from './error-code.ts';

type MaybePromise<Value> = Value | Promise<Value>;
type Message = Readonly<Record<string, unknown>>;
type Unsubscribe = () => MaybePromise<void>;

/** Subscribes to a topic; rejects, or throws, when that cannot be. */
export type SubscribeTopic = (topic: string, listener: (message: Message) => void) => MaybePromise<Unsubscribe>;

export interface TopicListener {
  /** Messages come from now on. */
  opened(): void;
  message(message: Message): void;
  failed(reason: string): void;
}

export interface TopicFeeds {
  /** The returned function leaves. */
  join(topic: string, listener: TopicListener): () => void;
  /** Topics that are subscribed to, those among them that are being left. */
  count(): number;
  /** Resolves when all that are being left have been. */
  left(): Promise<void>;
}

interface Feed {
  readonly listeners: Set<TopicListener>;
  readonly subscribed: Promise<Unsubscribe>;
}

/**
 * Subscribes once to each topic, for all who listen to it, and not while it is still being unsubscribed from: of two
 * listeners to one topic of a `RedisPubSub`, the second goes deaf when the first leaves.
 */
export function topicFeeds(subscribe: SubscribeTopic): TopicFeeds {
  const feeds = new Map<string, Feed>();
  const leaving = new Map<string, Promise<void>>();

  function startFeed(topic: string): Feed {
    const listeners = new Set<TopicListener>();
    const deliver = (message: Message) => {
      for (const listener of listeners) listener.message(message);
    };
    const before = leaving.get(topic) ?? Promise.resolve();
    const feed = { listeners, subscribed: before.then(() => subscribe(topic, deliver)) };
    feeds.set(topic, feed);
    return feed;
  }

  function leave(topic: string, { subscribed }: Feed): void {
    feeds.delete(topic);
    const left = subscribed
      .then((unsubscribe) => unsubscribe())
      // The broker is not there, and then it holds nothing either.
      .catch(() => {})
      .finally(() => {
        if (leaving.get(topic) === left) leaving.delete(topic);
      });
    leaving.set(topic, left);
  }

  return {
    join(topic, listener) {
      const feed = feeds.get(topic) ?? startFeed(topic);
      feed.listeners.add(listener);
      feed.subscribed.then(
        () => listener.opened(),
        (error) => listener.failed(`the topic cannot be subscribed to (${errorCode(error)})`),
      );
      return () => {
        feed.listeners.delete(listener);
        if (feed.listeners.size === 0) leave(topic, feed);
      };
    },
    count: () => new Set([...feeds.keys(), ...leaving.keys()]).size,
    async left() {
      await Promise.all(leaving.values());
    },
  };
}
