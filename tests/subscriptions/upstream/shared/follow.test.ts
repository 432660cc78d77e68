import { expect, test } from 'vitest';
import { follow } from '../../../../plugins/subscriptions/upstream/shared/follow.ts';
import type { Holder } from '../../../../plugins/subscriptions/upstream/shared/lease.ts';
import { beatText, endText, eventText, goneText } from '../../../../plugins/subscriptions/upstream/shared/message.ts';
import { StoreUnavailableError, type SharedStore } from '../../../../plugins/redis/index.ts';

const OPEN: Holder = { kind: 'other', token: 't', position: { isOpen: true, number: 2 } };
const event = (number: number, token = 't'): string => eventText(token, number, `{"data":${number}}`);

/** Follows one who says some things before it is known that it is to be followed, and some after. */
async function followed(early: readonly string[], late: readonly string[], holder: Holder | undefined = OPEN) {
  const told: unknown[] = [];
  let say: (text: string) => unknown = () => undefined;
  let stop = (): void => {};
  const store: Pick<SharedStore, 'subscribe'> = {
    async subscribe(_, listener) {
      say = listener;
      return () => told.push('left');
    },
  };
  const claim = async (): Promise<Holder | undefined> => {
    for (const text of early) await say(text);
    return holder;
  };
  const outcome = follow(
    { store, channel: 'c', claim, silence: 10_000, onStop: (does) => (stop = does) },
    {
      opened: () => told.push('opened'),
      next: ({ data }) => told.push(data),
      end({ kind }) {
        told.push(kind);
        stop();
      },
    },
  );
  await new Promise(setImmediate);
  for (const text of late) await say(text);
  stop();
  return { told, outcome: (await outcome).kind };
}

test('what was said before it is known who is followed is neither heard nor missed', async () => {
  const known = await followed([event(3)], [event(4), event(5)]);
  expect(known).toEqual({ told: ['opened', 4, 5, 'left'], outcome: 'done' });
  const said = await followed([event(1)], [event(2), event(3)]);
  expect(said.told).toEqual(['opened', 3, 'left']);
  const others = await followed([event(9, 'former')], [event(3)]);
  expect(others.told).toEqual(['opened', 3, 'left']);
});

test('an event that is missing after that is noticed', async () => {
  expect((await followed([event(3)], [event(5)])).told).toEqual(['opened', 'lost', 'left']);
  expect((await followed([], [event(4)])).told).toEqual(['opened', 'lost', 'left']);
});

test('an end that was said before is told, and one who has gone by then is not followed', async () => {
  const ended = await followed([endText('t', 2, { kind: 'completed' })], []);
  expect(ended.told).toEqual(['completed', 'left']);
  const gone = await followed([goneText('t', 2, 'bye')], []);
  expect(gone).toEqual({ told: ['left'], outcome: 'again' });
});

test('it is open when the holder says so, and nothing was promised before', async () => {
  const opening: Holder = { kind: 'other', token: 't', position: { isOpen: false, number: 0 } };
  const opened = await followed(
    [],
    [beatText('t', { isOpen: false, number: 0 }), beatText('t', { isOpen: true, number: 0 })],
    opening,
  );
  expect(opened.told).toEqual(['opened', 'left']);
  const gone = await followed([], [goneText('t', 0, 'bye')], opening);
  expect(gone).toEqual({ told: ['left'], outcome: 'again' });
});

test('nobody is followed when nobody is there, nobody can be known, or nothing can be heard', async () => {
  expect(await followed([], [], { kind: 'me' })).toEqual({ told: ['left'], outcome: 'not followed' });
  const told = { opened() {}, next() {}, end() {} };
  const options = { channel: 'c', claim: async () => undefined, silence: 10_000, onStop() {} };
  const there = { subscribe: async () => () => {} };
  expect(await follow({ ...options, store: there }, told)).toEqual({ kind: 'not followed', holder: undefined });
  const closed = { subscribe: () => Promise.reject(new StoreUnavailableError('closed')) };
  expect(await follow({ ...options, store: closed }, told)).toEqual({ kind: 'deaf' });
});
