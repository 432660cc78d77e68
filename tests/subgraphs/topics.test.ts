import { expect, test } from 'vitest';
import { createTopics } from '../../subgraphs/server/topics.ts';

test('an event reaches all who listen to its topic and nobody else, in the order of publishing', async () => {
  const topics = createTopics<number>();
  const one = topics.subscribe('a');
  const two = topics.subscribe('a');
  const other = topics.subscribe('b');
  topics.publish('a', 1);
  topics.publish('a', 2);
  topics.publish('b', 3);
  expect([await one.next(), await one.next()]).toEqual([
    { done: false, value: 1 },
    { done: false, value: 2 },
  ]);
  expect(await two.next()).toEqual({ done: false, value: 1 });
  expect(await other.next()).toEqual({ done: false, value: 3 });
});

test('who leaves is forgotten, also while waiting for an event', async () => {
  const topics = createTopics<number>();
  const events = topics.subscribe('a');
  const waiting = events.next();
  expect(topics.subscribers('a')).toBe(1);
  await events.return();
  expect(await waiting).toEqual({ done: true, value: undefined });
  expect(await events.next()).toEqual({ done: true, value: undefined });
  expect(topics.subscribers('a')).toBe(0);
});

test('who does not read keeps the newest 100 events only', async () => {
  const topics = createTopics<number>();
  const events = topics.subscribe('a');
  for (let event = 1; event <= 250; event += 1) topics.publish('a', event);
  expect(await events.next()).toEqual({ done: false, value: 151 });
});
