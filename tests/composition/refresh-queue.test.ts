import fc from 'fast-check';
import { expect, test } from 'vitest';
import { refreshQueue, type RefreshScope } from '../../plugins/composition/refresh-queue.ts';

const asks = fc.array(fc.oneof(fc.constantFrom('a', 'b', 'c'), fc.constant(undefined), fc.constant('end' as const)), {
  maxLength: 40,
});

test('one refresh at a time; each call is followed by one that begins later and covers what was asked for', async () => {
  await fc.assert(
    fc.asyncProperty(asks, async (steps) => {
      const began: { scope: RefreshScope; at: number }[] = [];
      let time = 0;
      let running = 0;
      let end: (() => void) | undefined;
      const refresh = refreshQueue(async (scope) => {
        expect(++running).toBe(1);
        began.push({ scope: scope === 'all' ? scope : new Set(scope), at: time });
        await new Promise<void>((resolve) => (end = resolve));
        running--;
      });
      const calls: { subgraph: string | undefined; at: number; done: Promise<void> }[] = [];
      for (const step of steps) {
        time++;
        if (step === 'end') end?.();
        else calls.push({ subgraph: step, at: time, done: refresh(step) });
        for (let turn = 0; turn < 5; turn++) await Promise.resolve();
      }
      for (let turn = 0; turn < 100; turn++) {
        end?.();
        await Promise.resolve();
      }
      await Promise.all(calls.map(({ done }) => done));
      for (const { subgraph, at } of calls) {
        const covered = began.some(
          (one) => one.at >= at && (one.scope === 'all' || (subgraph !== undefined && one.scope.has(subgraph))),
        );
        expect(covered).toBe(true);
      }
      expect(began.length).toBeLessThanOrEqual(calls.length);
    }),
  );
});
