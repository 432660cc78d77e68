import { expect, test } from 'vitest';
import { startGateway } from '../../harness/gateway.ts';
import { startRedis } from '../../harness/redis.ts';
import { until } from '../../harness/until.ts';
import { startEventSubgraph } from './event-subgraph.ts';
import { openClient } from './transports.ts';

const CONFIG = new URL('gateway.config.ts', import.meta.url).pathname;
const SUBSCRIPTION = 'subscription { priceChanged { amount } }';

test('clients of several gateways share one subscription of the subgraph, which another gateway takes over from one that stops', async () => {
  const redis = await startRedis();
  try {
    await using prices = await startEventSubgraph();
    const start = () =>
      startGateway({
        subgraphs: [prices],
        config: CONFIG,
        env: { REDIS_URL: redis.url, SHARED: '1', SUBSCRIPTIONS: JSON.stringify({ retryDelay: 20 }) },
      });
    await using first = await start();
    await using second = await start();
    const one = openClient('ws', first.url, SUBSCRIPTION);
    await until('the subscription', () => prices.live() === 1);
    const other = openClient('ws', second.url, SUBSCRIPTION);
    let amount = 0;
    await until('an event at both', () => {
      prices.publish('a', { id: '1', amount: ++amount });
      return one.events.length > 0 && other.events.length > 0;
    });
    expect(prices.opened()).toBe(1);
    expect(JSON.stringify(one.events).endsWith(JSON.stringify(other.events).slice(1))).toBe(true);

    await first.stop();
    const before = other.events.length;
    await until('events at the other', () => {
      prices.publish('a', { id: '1', amount: ++amount });
      return other.events.length > before;
    });
    expect(other.events[before]).toMatchObject({ extensions: { gatehouse: { gap: 'upstream' } } });
    expect(other.ends).toEqual([]);
    other.close();
    await until('the subscription to be released', () => prices.live() === 0);
  } finally {
    await redis.close();
  }
});
