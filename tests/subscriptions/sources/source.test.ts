import { array, assert, asyncProperty, constant, integer, oneof, record } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openSource, type Attachment, type SourceSettings } from '../../../plugins/subscriptions/sources/source.ts';
import type { UpstreamOperation, UpstreamSink } from '../../../plugins/subscriptions/upstream/upstream.ts';
import { until } from '../../harness/until.ts';

const OPERATION: UpstreamOperation = {
  subgraph: 'prices',
  url: 'http://127.0.0.1:1/graphql',
  query: 'subscription { price }',
  operationName: undefined,
  variables: undefined,
  headers: {},
};
const SETTINGS: SourceSettings = { queue: 8, retries: 3, retryDelay: 1, maxRetryDelay: 2 };
const NOBODY = { connection: () => {} };

/** A source over a transport in the test's hands. */
function source(settings: SourceSettings = SETTINGS, retriesOpening = false) {
  const sinks: UpstreamSink[] = [];
  let live = 0;
  let closed = 0;
  const opened = openSource(
    () => OPERATION,
    (_, sink) => {
      sinks.push(sink);
      live++;
      return () => void live--;
    },
    settings,
    { lost: () => void live--, closed: () => void closed++ },
    retriesOpening,
  );
  return {
    opened,
    sink: () => sinks.at(-1) as UpstreamSink,
    attempts: () => sinks.length,
    live: () => live,
    closed: () => closed,
  };
}

async function read(attachment: Attachment, count: number): Promise<unknown[]> {
  const got: unknown[] = [];
  while (got.length < count) got.push((await attachment.next()).value);
  return got;
}

test('who takes over from another reads on where that has stopped: nothing is missing, and nothing comes twice', () =>
  assert(
    asyncProperty(
      array(
        oneof(
          record({ do: constant('event' as const) }),
          record({ do: constant('read' as const) }),
          record({ do: constant('take over' as const), late: integer({ min: 0, max: 3 }) }),
        ),
        { maxLength: 60 },
      ),
      async (steps) => {
        const { opened, sink, closed } = source({ ...SETTINGS, queue: 1_000 });
        sink().opened();
        let reader = opened.attach(undefined, NOBODY);
        const got: number[] = [];
        let sent = 0;
        const send = (): void => sink().next({ data: { n: ++sent } });
        const readOne = async (): Promise<void> => {
          const { value } = await reader.next();
          got.push((value as { data: { n: number } }).data.n);
        };
        for (const step of steps) {
          if (step.do === 'event') send();
          if (step.do === 'read' && got.length < sent) await readOne();
          if (step.do !== 'take over') continue;
          for (let event = 0; event < step.late; event++) send();
          const next = opened.attach(reader.position(), NOBODY);
          reader.finish();
          reader = next;
        }
        while (got.length < sent) await readOne();
        expect(got).toEqual(Array.from({ length: sent }, (_, index) => index + 1));
        expect(reader.takeGap()).toBe(false);
        await reader.return?.();
        expect(closed()).toBe(1);
      },
    ),
  ));

describe('a reader', () => {
  test('has events of its own, which it may change', async () => {
    const { opened, sink } = source();
    const [one, other] = [opened.attach(undefined, NOBODY), opened.attach(undefined, NOBODY)];
    sink().next(JSON.parse('{"data":{"list":[{"a":1}],"__proto__":{"b":2}}}') as object);
    const [first] = (await read(one, 1)) as [{ data: { list: { a: number }[] } }];
    for (const item of first.data.list) item.a = 9;
    expect(JSON.stringify(await read(other, 1))).toBe('[{"data":{"list":[{"a":1}],"__proto__":{"b":2}}}]');
  });

  test('that falls behind loses the oldest, and learns that something is missing', async () => {
    const { opened, sink } = source();
    const reader = opened.attach(undefined, NOBODY);
    for (let n = 1; n <= 20; n++) sink().next({ data: { n } });
    expect(await read(reader, 8)).toEqual(Array.from({ length: 8 }, (_, index) => ({ data: { n: index + 13 } })));
    expect([reader.takeGap(), reader.takeGap()]).toEqual([true, false]);
  });

  test('learns of a lost connection, and that something may be missing when it is back', async () => {
    const { opened, sink, attempts } = source();
    const states: string[] = [];
    sink().opened();
    const reader = opened.attach(undefined, { connection: (state) => void states.push(state) });
    sink().end({ kind: 'lost', reason: 'cut' });
    expect(states).toEqual(['lost']);
    await until('another attempt', () => attempts() === 2);
    sink().opened();
    expect(states).toEqual(['lost', 'restored']);
    sink().next({ data: { n: 1 } });
    expect(await read(reader, 1)).toEqual([{ data: { n: 1 } }]);
    expect(reader.takeGap()).toBe(true);
  });

  test('is told by a failure when the connection does not come back, after so many attempts', async () => {
    const { opened, sink, attempts, closed } = source();
    sink().opened();
    const reader = opened.attach(undefined, NOBODY);
    for (let lost = 1; lost <= 4; lost++) {
      await until('an attempt', () => attempts() === lost);
      sink().end({ kind: 'lost', reason: 'cut' });
    }
    expect(reader.ended()).toEqual({ kind: 'given up' });
    await expect(reader.next()).rejects.toThrow('lost');
    expect(await reader.next()).toEqual({ done: true, value: undefined });
    expect([attempts(), closed()]).toEqual([4, 1]);
  });

  test('is told what the subgraph said when that refuses', async () => {
    const { opened, sink } = source();
    const reader = opened.attach(undefined, NOBODY);
    sink().end({ kind: 'refused', errors: [{ message: 'no' }] });
    expect(await reader.next()).toEqual({ done: false, value: { errors: [{ message: 'no' }] } });
    expect(reader.isLast()).toBe(true);
    expect((await reader.next()).done).toBe(true);
  });
});

test.each([
  [false, 1],
  [true, 4],
])('one that cannot be opened is tried again only where it stands in for another: %s', async (retriesOpening, most) => {
  const { opened, sink, attempts } = source(SETTINGS, retriesOpening);
  const reader = opened.attach(undefined, NOBODY);
  for (let lost = 1; lost <= most; lost++) {
    await until('an attempt', () => attempts() === lost);
    sink().end({ kind: 'lost', reason: 'refused the connection' });
  }
  expect(reader.ended()).toEqual({ kind: 'given up' });
  await opened.opened;
});

test('the last who leaves closes it, also while it waits to be opened again', async () => {
  const { opened, sink, attempts, closed } = source({ ...SETTINGS, retryDelay: 60_000, maxRetryDelay: 60_000 });
  sink().opened();
  const readers = [opened.attach(undefined, NOBODY), opened.attach(undefined, NOBODY)];
  sink().end({ kind: 'lost', reason: 'cut' });
  for (const reader of readers) await reader.return?.();
  expect([attempts(), closed()]).toEqual([1, 1]);
  expect(
    (await opened
      .attach(undefined, NOBODY)
      .next()
      .catch(() => 'lost')) as unknown,
  ).toBe('lost');
});
