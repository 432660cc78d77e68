import { asyncProperty, assert, array, constant, constantFrom, integer, oneof, record } from 'fast-check';
import { expect, test } from 'vitest';
import { boundedQueue, type Overflow } from '../../plugins/subscriptions/bounded-queue.ts';

type Step = { readonly do: 'push' | 'next' | 'take' | 'end' | 'clear' };

test('a queue gives what it was given, in order, but for what its policy drops', () =>
  assert(
    asyncProperty(
      record({
        most: integer({ min: 1, max: 4 }),
        overflow: constantFrom<Overflow[]>('drop-oldest', 'drop-newest', 'close'),
        steps: array(
          oneof(
            { arbitrary: constant<Step>({ do: 'push' }), weight: 6 },
            { arbitrary: constantFrom<Step[]>({ do: 'next' }, { do: 'take' }), weight: 4 },
            { arbitrary: constantFrom<Step[]>({ do: 'end' }, { do: 'clear' }), weight: 1 },
          ),
          { maxLength: 40 },
        ),
      }),
      async ({ most, overflow, steps }) => {
        const queue = boundedQueue<number>(most, overflow);
        let model: number[] = [];
        let hasEnded = false;
        let waiting: Promise<IteratorResult<number, undefined>> | undefined;
        let pushed = 0;
        for (const { do: what } of steps) {
          switch (what) {
            case 'push': {
              const item = ++pushed;
              const out = queue.push(item);
              if (hasEnded) expect(out).toBe(item);
              else if (waiting) {
                expect(await waiting).toEqual({ done: false, value: item });
                waiting = undefined;
              } else if (model.length < most) {
                expect(out).toBeUndefined();
                model.push(item);
              } else if (overflow === 'drop-oldest') {
                model.push(item);
                expect(out).toBe(model.shift());
              } else {
                expect(out).toBe(item);
                hasEnded ||= overflow === 'close';
              }
              break;
            }
            case 'next': {
              if (waiting) break;
              const step = queue.next();
              const item = model.shift();
              if (item !== undefined) expect(await step).toEqual({ done: false, value: item });
              else if (hasEnded) expect(await step).toEqual({ done: true, value: undefined });
              else waiting = step;
              break;
            }
            case 'take':
              expect(queue.take()).toBe(model.shift());
              break;
            case 'end':
              queue.end();
              hasEnded = true;
              if (waiting) expect(await waiting).toEqual({ done: true, value: undefined });
              waiting = undefined;
              break;
            case 'clear':
              queue.clear();
              model = [];
              break;
          }
          expect([queue.size, queue.hasEnded]).toEqual([model.length, hasEnded]);
        }
      },
    ),
  ));
