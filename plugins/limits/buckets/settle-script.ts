import type { StoreScript } from '../../redis/index.ts';
import { beyondLimit } from '../quotas/quota.ts';
import { lackOf, maxDeficit } from './bucket.ts';
import { luaScript } from './lua.ts';
import { countOf, keepBucket, keepCount, scriptInput } from './state.ts';

/** See settle.lua, which this follows line by line. */
export const SETTLE: StoreScript<readonly number[]> = {
  name: 'settle',
  lua: luaScript('settle.lua'),

  inMemory(keys, args, memory, nowMs) {
    const nowUs = nowMs * 1000;
    const input = scriptInput(keys, args);
    const answer: number[] = [];

    const settleBucket = (key: string, capacity: number, refill: number, difference: number): void => {
      const { deficit, clockWentBack } = lackOf(memory.get(key), refill, nowUs);
      const settled = Math.max(0, Math.min(deficit + difference, Math.max(deficit, maxDeficit(capacity))));
      if (settled !== deficit || clockWentBack) keepBucket(memory, key, settled, refill, nowUs);
      answer.push(Math.floor(settled));
    };

    while (input.more()) {
      const kind = input.text();
      if (kind === 'bucket') {
        settleBucket(input.key(), input.number(), input.number(), input.number());
        continue;
      }
      const [key, limit, difference, keptUntilMs] = [input.key(), input.number(), input.number(), input.number()];
      const { used: before, most: mostBefore } = countOf(memory.get(key));
      const used = Math.max(0, before + difference);
      const most = Math.max(mostBefore, used);
      if (used !== before) keepCount(memory, key, { used, most }, keptUntilMs, nowMs);
      answer.push(used, mostBefore, most);
      if (kind === 'throttle') {
        const [bucket, given, capacity, refill] = [input.key(), input.number(), input.number(), input.number()];
        const share = difference > 0 ? beyondLimit(limit, before, difference) : Math.max(difference, -given);
        settleBucket(bucket, capacity, refill, share);
      }
    }
    return answer;
  },
};
