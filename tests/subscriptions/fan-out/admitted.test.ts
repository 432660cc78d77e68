import { setImmediate as nextTurn } from 'node:timers/promises';
import { array, assert, asyncProperty, record, boolean, integer } from 'fast-check';
import { expect, test } from 'vitest';
import { givesAdmitted } from '../../../plugins/subscriptions/fan-out/admitted.ts';

const event = (n: number) => ({ data: { n } });

test('events that are admitted are given in their order, whichever is known to be admitted first', () =>
  assert(
    asyncProperty(
      array(record({ isAdmitted: boolean(), turns: integer({ min: -1, max: 5 }) }), { maxLength: 20 }),
      async (answers) => {
        const given: unknown[] = [];
        const outcomes: string[] = [];
        const give = givesAdmitted({
          give: ({ data }) => void given.push(data?.['n']),
          admit: ({ data }) => {
            const { isAdmitted, turns } = answers[data?.['n'] as number] ?? { isAdmitted: false, turns: 0 };
            // Negative: it is known at once.
            return turns < 0 ? isAdmitted : after(turns).then(() => isAdmitted);
          },
          most: 100,
          onOutcome: (outcome) => void outcomes.push(outcome),
          onFailure: (error) => expect.unreachable(String(error)),
        });
        for (const n of answers.keys()) give(event(n));
        await after(20);
        expect(given).toEqual([...answers.keys()].filter((n) => answers[n]?.isAdmitted));
        expect(outcomes).toEqual(answers.filter(({ isAdmitted }) => !isAdmitted).map(() => 'limited'));
      },
    ),
  ));

test('only so many events wait to be admitted, and later ones are dropped', async () => {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const given: unknown[] = [];
  const outcomes: string[] = [];
  const give = givesAdmitted({
    give: ({ data }) => void given.push(data?.['n']),
    admit: () => promise,
    most: 3,
    onOutcome: (outcome) => void outcomes.push(outcome),
    onFailure: (error) => expect.unreachable(String(error)),
  });
  for (let n = 0; n < 5; n++) give(event(n));
  resolve(true);
  await after(5);
  expect([given, outcomes]).toEqual([
    [0, 1, 2],
    ['dropped', 'dropped'],
  ]);
});

test('where it cannot be told whether an event is admitted, that is told, and the event is not given', async () => {
  const failures: unknown[] = [];
  const give = givesAdmitted({
    give: () => expect.unreachable('an event was given'),
    admit: () => Promise.reject(new Error('no script')),
    most: 3,
    onOutcome: () => {},
    onFailure: (error) => void failures.push(error),
  });
  give(event(1));
  await after(5);
  expect(failures).toEqual([new Error('no script')]);
});

async function after(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await nextTurn();
}
