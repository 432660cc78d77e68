import type { PubSub } from '@graphql-hive/gateway';
import { isObject } from './json-object.ts';
import { openSubscriptions } from './open-subscriptions.ts';
import { optionChecks } from './option-checks.ts';
import { topicFeeds } from './topic-feeds.ts';
import type { Upstream, UpstreamEnd, UpstreamStatus } from './upstream.ts';

export interface TopicOptions {
  /** `MemPubSub`, `RedisPubSub` or `NATSPubSub` of Hive Gateway; its owner closes it. */
  readonly pubsub: Pick<PubSub, 'subscribe'>;
  /**
   * Tells whenever the connection to the broker is lost; returns what stops it. The clients of brokers connect again by
   * themselves, and what was published in between is missing: only so do subscribers learn of it. Default: never.
   */
  readonly onDisconnect?: (tell: () => void) => () => void;
}

export interface TopicStatus extends UpstreamStatus {
  /** Messages that were no objects, since it was made. */
  readonly dropped: number;
}

export interface TopicUpstream extends Upstream {
  status(): TopicStatus;
}

/** What brokers read as a pattern or as the end of a name; a topic may be made of what a client sent. */
const NO_NAME = /[*>\s\p{Cc}]/u;

const NOT_OF_A_TOPIC = refusal('The subscription has no topic.');
const WRONG_TOPIC = refusal('The topic of the subscription is not a name.');

/**
 * Subscriptions whose events are messages under a topic of a broker. All of one topic share what is subscribed to
 * there; its messages are the same objects for all of them, and not to be changed. When the pubsub is closed, each is
 * lost.
 *
 * @throws Error that names the option that is wrong, and what it takes
 */
export function topicUpstream(options: TopicOptions): TopicUpstream {
  const { pubsub, onDisconnect } = options;
  const check = optionChecks('topicUpstream');
  check.callable('pubsub.subscribe', pubsub?.subscribe);
  if (onDisconnect !== undefined) check.callable('onDisconnect', onDisconnect);
  let dropped = 0;
  let watch: Watch | undefined;

  const feeds = topicFeeds((topic, listener) =>
    pubsub.subscribe(topic, (message: unknown) => {
      if (isObject(message)) listener(message);
      else dropped++;
    }),
  );

  const subscriptions = openSubscriptions(({ topic }, told) => {
    if (!topic || topic.name === '' || NO_NAME.test(topic.name)) {
      queueMicrotask(() => told.end(topic ? WRONG_TOPIC : NOT_OF_A_TOPIC));
      return () => {};
    }
    watch ??= watchClose(pubsub, () => {
      watch = undefined;
      subscriptions.loseAll('the pubsub was closed');
    });
    return feeds.join(topic.name, {
      opened: told.opened,
      message: (message) => told.next(topic.eventOf(message)),
      failed: (reason) => told.end({ kind: 'lost', reason }),
    });
  });

  const stop = onDisconnect?.(() => subscriptions.loseAll('the connection to the broker was lost'));

  return {
    open: subscriptions.open,
    async close() {
      stop?.();
      subscriptions.close();
      watch?.end();
      await feeds.left();
    },
    status: () => ({ connections: feeds.count(), subscriptions: subscriptions.count(), dropped }),
  };
}

interface Watch {
  end(): void;
}

const QUIET_TOPIC = 'gatehouse.nobody-speaks-here';

/**
 * Tells when a pubsub was closed, which it says only to those who iterate. Those of a topic do not, since an iterator
 * of a `NATSPubSub` leaves its topic no sooner than with the next message; this one stays there until the end.
 */
function watchClose(pubsub: TopicOptions['pubsub'], onClose: () => void): Watch {
  let iterator: AsyncIterator<unknown> | undefined;
  let isEnded = false;

  async function watch(): Promise<void> {
    try {
      iterator = pubsub.subscribe(QUIET_TOPIC)[Symbol.asyncIterator]();
      while (!(await iterator.next()).done);
    } catch {
      // It is closed, or its broker is not there.
    }
  }

  void watch().then(() => {
    if (!isEnded) onClose();
  });
  return {
    end() {
      isEnded = true;
      iterator?.return?.().catch(() => {});
    },
  };
}

function refusal(message: string): UpstreamEnd {
  return { kind: 'refused', errors: [{ message }] };
}
