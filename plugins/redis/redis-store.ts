import { Cluster, type Redis } from 'ioredis';
import { openSubscriber } from './client.ts';
import { commandConnection } from './connection.ts';
import { createHealth } from './health.ts';
import type { Log } from './log.ts';
import { describeTarget, type RedisTarget } from './redis-url.ts';
import { evaluate } from './script.ts';
import { ANYONE, checkTtl, type SharedStore, type TimedValue } from './store.ts';
import { createSubscriptions } from './subscriptions.ts';

/** Sets KEYS[i] to ARGV[#KEYS + i] for ARGV[i] ms. */
const SET_ALL = {
  lua: `for i = 1, #KEYS do redis.call('SET', KEYS[i], ARGV[#KEYS + i], 'PX', ARGV[i]) end`,
};

/** Deletes KEYS[1] if its value is still ARGV[1]. */
const DELETE_IF_HELD = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;

/** Publishes through the node that has the slot of the channel's name: through any other, messages overtake each other. */
const PUBLISH_IN_CLUSTER = `return redis.call('PUBLISH', KEYS[1], ARGV[1])`;

/** The shared store in Redis: one connection for commands and, once somebody subscribes, one for subscriptions. */
export function redisStore(target: RedisTarget, commandTimeoutMs: number, log: Log): SharedStore {
  const health = createHealth(describeTarget(target), log);
  const connection = commandConnection(target, commandTimeoutMs, health);
  const subscriptions = createSubscriptions(() => openSubscriber(target, connection.clusterNodes()), health, log);

  return {
    kind: 'redis',

    get: (key) => connection.run('GET', (client) => client.get(key)),

    getMany: (keys, { timeoutMs } = {}) =>
      keys.length === 0
        ? Promise.resolve([])
        : connection.run(
            'MGET',
            (client) =>
              client instanceof Cluster
                ? Promise.all(keys.map((key) => client.getBuffer(key)))
                : client.mgetBuffer([...keys]),
            timeoutMs,
          ),

    async setMany(values, { timeoutMs } = {}) {
      for (const { ttlMs } of values) checkTtl(ttlMs);
      if (values.length > 0) await connection.run('SET', (client) => setAll(client, values), timeoutMs);
    },

    async set(key, value, { ttlMs } = {}) {
      if (ttlMs !== undefined) checkTtl(ttlMs);
      await connection.run('SET', (client) =>
        ttlMs === undefined ? client.set(key, value) : client.set(key, value, 'PX', ttlMs),
      );
    },

    async claim(key, ttlMs, owner = ANYONE) {
      checkTtl(ttlMs);
      return (await connection.run('SET', (client) => client.set(key, owner, 'PX', ttlMs, 'NX'))) === 'OK';
    },

    async release(key, owner = ANYONE) {
      await connection.run('EVAL', (client) => client.eval(DELETE_IF_HELD, 1, key, owner));
    },

    run: (script, keys, args, { timeoutMs } = {}) =>
      connection.run(`the script ${script.name}`, (client) => evaluate(client, script, keys, args), timeoutMs),

    async publish(channel, message) {
      await connection.run<unknown>('PUBLISH', (client) =>
        client instanceof Cluster
          ? client.eval(PUBLISH_IN_CLUSTER, 1, channel, message)
          : client.publish(channel, message),
      );
    },

    subscribe(channel, listener, onReconnect, onLost) {
      // The state of the whole is known only with the connection for commands.
      connection.begin();
      return subscriptions.subscribe(channel, listener, onReconnect, onLost);
    },

    status() {
      connection.begin();
      return health.status();
    },

    async close() {
      subscriptions.close();
      await connection.close();
    },
  };
}

async function setAll(client: Redis | Cluster, values: readonly TimedValue[]): Promise<void> {
  if (client instanceof Cluster) {
    await Promise.all(values.map(({ key, value, ttlMs }) => client.set(key, value, 'PX', ttlMs)));
    return;
  }
  const keys = values.map(({ key }) => key);
  // One command: sending each by itself costs several times what setting it does.
  await evaluate(client, SET_ALL, keys, [...values.map(({ ttlMs }) => ttlMs), ...values.map(({ value }) => value)]);
}
