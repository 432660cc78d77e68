import { describe, expect, test } from 'vitest';
import { announcer } from '../../../../plugins/subscriptions/upstream/shared/announcer.ts';
import type { Hold, Holder } from '../../../../plugins/subscriptions/upstream/shared/lease.ts';
import { until } from '../../../harness/until.ts';

/** In ms. */
const TTL = 300;
const ME: Holder = { kind: 'me' };
const OTHER: Holder = { kind: 'other', token: 'other', position: { isOpen: true, number: 7 } };

interface Asked {
  readonly as: Hold;
  readonly messages: readonly string[];
}

/** An announcer and a Redis in the test's hand, which answers nothing until it is told how. */
function scene(maxBytes = 1_000) {
  const asked: Asked[] = [];
  const others: Holder[] = [];
  let answer: Holder | 'none' | undefined;
  let waiting = Promise.withResolvers<void>();
  let number = 0;

  async function hold(_: string, as: Hold, messages: readonly string[]): Promise<Holder> {
    asked.push({ as, messages });
    if (answer === undefined) await waiting.promise;
    if (answer === undefined || answer === 'none') throw new Error('away');
    return answer;
  }

  const said = announcer({
    lease: { channel: 'events', hold },
    token: 't',
    ttl: TTL,
    maxBytes,
    position: () => ({ isOpen: true, number }),
    onOther: (holder) => others.push(holder),
  });

  function redis(answers: Holder | 'none'): void {
    answer = answers;
    waiting.resolve();
    waiting = Promise.withResolvers();
  }

  return {
    others,
    said,
    redis,
    asked,
    event(text: string) {
      number++;
      said.say(text);
    },
    /** Without heartbeats. */
    messages: () => asked.map(({ messages }) => messages.filter((text) => !text.includes('beat'))),
    async ended() {
      redis(ME);
      await said.leave('gone', 'released');
      expect(asked.at(-1)).toMatchObject({ as: 'released' });
    },
  };
}

describe.concurrent('an announcer', () => {
  test('says what comes while a script is under way with the next, in order, and where it is by then', async () => {
    const { asked, event, redis, ended } = scene();
    for (const text of ['a', 'b', 'c']) event(text);
    expect(asked).toEqual([{ messages: ['a'], as: { isOpen: true, number: 1 } }]);
    redis(ME);
    await until('the next', () => asked.length > 1);
    expect(asked[1]).toEqual({ messages: ['b', 'c'], as: { isOpen: true, number: 3 } });
    await ended();
  });

  test('says no more than 100 messages in one script, and puts no later position under the lease than it said', async () => {
    const { asked, event, redis, ended } = scene();
    for (let count = 0; count < 151; count++) event('x');
    redis(ME);
    await until('the last', () => asked.length > 2);
    expect(asked.slice(0, 3).map(({ messages, as }) => [messages.length, as])).toEqual([
      [1, { isOpen: true, number: 1 }],
      [100, { isOpen: true, number: 101 }],
      [50, { isOpen: true, number: 151 }],
    ]);
    await ended();
  });

  test('says again what Redis did not answer, before what came meanwhile', async () => {
    const { event, redis, messages, ended } = scene();
    event('a');
    event('b');
    redis('none');
    await until('the next', () => messages().length > 1);
    expect(messages()[1]).toEqual(['a', 'b']);
    await ended();
  });

  test('drops all that waits for what finds no room, so that the numbers tell of it', async () => {
    const { asked, event, redis, ended } = scene(10);
    for (const text of ['first', '12345', '67890', 'x']) event(text);
    redis(ME);
    await until('the next', () => asked.length > 1);
    expect(asked[1]).toEqual({ messages: ['x'], as: { isOpen: true, number: 4 } });
    await ended();
  });

  test('keeps nothing when Redis has not answered for the time of a lease, and goes on when it does', async () => {
    const { asked, said, event, redis, messages, ended } = scene();
    event('a');
    redis('none');
    await until('the lease to be over', () => !said.isHeard());
    event('not kept');
    await until('another heartbeat', () => asked.some(({ messages: [text] }) => text === '["t",2,"beat",true]'));
    redis(ME);
    await until('it to be heard', () => said.isHeard());
    event('b');
    await until('the event', () => messages().flat().includes('b'));
    expect(messages().flat()).not.toContain('not kept');
    await ended();
  });

  test('tells when another holds the lease, and drops what waits', async () => {
    const { event, others, redis, messages, ended } = scene();
    event('a');
    event('b');
    redis(OTHER);
    await until('it to be told again', () => others.length > 1);
    expect(others[0]).toEqual(OTHER);
    expect(messages().flat()).toEqual(['a']);
    await ended();
  });

  test('has left when its last word was tried three times, and says nothing after it', async () => {
    const { asked, said, event, redis } = scene();
    redis('none');
    const left = said.leave('gone', 'unshared');
    event('late');
    said.beat();
    await left;
    const tried = { messages: ['gone'], as: 'unshared' };
    expect(asked).toEqual([tried, tried, tried]);
  });
});
