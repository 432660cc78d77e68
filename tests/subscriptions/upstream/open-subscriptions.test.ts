import { expect, test } from 'vitest';
import { openSubscriptions } from '../../../plugins/subscriptions/upstream/open-subscriptions.ts';
import type { UpstreamEnd, UpstreamSink } from '../../../plugins/subscriptions/upstream/upstream.ts';
import { record, saidAt } from './recorder.ts';

const COMPLETED: UpstreamEnd = { kind: 'completed' };
const ERRORS = [{ message: 'No' }];
const OPERATION = saidAt('http://127.0.0.1:1/graphql', 'news');

/** A transport in the test's hand: what it tells of its last subscription, and how often it was to let go of one. */
function transport() {
  const released: number[] = [];
  const told: UpstreamSink[] = [];
  const subscriptions = openSubscriptions((_, sink) => {
    const index = told.push(sink) - 1;
    released[index] = 0;
    return () => {
      released[index] = (released[index] ?? 0) + 1;
    };
  });
  const upstream = {
    open: subscriptions.open,
    close: async () => subscriptions.close(),
    status: () => ({ connections: 0, subscriptions: subscriptions.count() }),
  };
  const last = (): UpstreamSink => {
    const sink = told.at(-1);
    if (!sink) throw new Error('nothing was started');
    return sink;
  };
  return { upstream, subscriptions, released, last };
}

test('whatever a transport tells and in whatever order, a subscription opens once, first, and ends once, last', () => {
  const { upstream, last, released } = transport();
  const { told, giveUp } = record(upstream, OPERATION);
  last().next({ data: 1 });
  last().opened();
  last().next({ data: 2, errors: ERRORS });
  last().next({ errors: ERRORS });
  last().end(COMPLETED);
  last().end({ kind: 'lost', reason: 'late' });
  last().opened();
  last().next({ data: 3 });
  giveUp();
  expect(told).toEqual(['opened', { data: 1 }, { data: 2, errors: ERRORS }, { errors: ERRORS }, COMPLETED]);
  expect(released).toEqual([1]);
});

test('a subscription that is given up is let go of once, and not told of', () => {
  const { upstream, last, released } = transport();
  const { told, giveUp } = record(upstream, OPERATION);
  giveUp();
  giveUp();
  last().opened();
  last().next({ data: 1 });
  last().end(COMPLETED);
  expect(told).toEqual([]);
  expect(released).toEqual([1]);
  expect(upstream.status().subscriptions).toBe(0);
});

test('a first answer of errors without data refuses it; with data, or without errors, it is an event', () => {
  const first = (answer: object) => {
    const { upstream, last } = transport();
    const { told } = record(upstream, OPERATION);
    last().next(answer);
    return told[1];
  };
  expect(first({ errors: ERRORS })).toEqual({ kind: 'refused', errors: ERRORS });
  for (const event of [{ data: null, errors: ERRORS }, { errors: [] }, {}]) expect(first(event)).toBe(event);
});

test('one that gives up while it is told hears nothing more', () => {
  const { subscriptions, last } = transport();
  const heard: unknown[] = [];
  const giveUp = subscriptions.open(OPERATION, {
    opened() {
      heard.push('opened');
      giveUp();
    },
    next: (event) => heard.push(event),
    end: (end) => heard.push(end),
  });
  last().next({ data: 1 });
  expect(heard).toEqual(['opened']);
});

test('those that open another one when they are lost lose no more than themselves', () => {
  const { subscriptions } = transport();
  let ends = 0;
  const sink: UpstreamSink = {
    opened() {},
    next() {},
    end() {
      ends++;
      subscriptions.open(OPERATION, sink);
    },
  };
  subscriptions.open(OPERATION, sink);
  subscriptions.loseAll('the connection was lost');
  expect(ends).toBe(1);
  expect(subscriptions.count()).toBe(1);
});
