import type { StoreScript } from '../../redis/index.ts';
import { beyondLimit } from '../quotas/quota.ts';
import { lackOf } from './bucket.ts';
import { luaScript } from './lua.ts';
import { countOf, keepBucket, keepCount, scriptInput } from './state.ts';

/** See take.lua, which this follows line by line. */
export const TAKE: StoreScript<readonly number[]> = {
  name: 'take',
  lua: luaScript('take.lua'),

  inMemory(keys, args, memory, nowMs) {
    const nowUs = nowMs * 1000;
    const input = scriptInput(keys, args);
    const answer = [1, nowMs];
    const changes: Array<(given: boolean) => void> = [];

    const takeFromBucket = (key: string, deficit: number, amount: number, refill: number, back: boolean): void => {
      changes.push((given) => {
        const taken = given ? amount : 0;
        if (taken > 0 || back) keepBucket(memory, key, deficit + taken, refill, nowUs);
      });
    };

    while (input.more()) {
      const kind = input.text();
      if (kind === 'bucket') {
        const [key, capacity, refill] = [input.key(), input.number(), input.number()];
        const [amount, wanted] = [input.number(), input.number()];
        const { deficit, clockWentBack } = lackOf(memory.get(key), refill, nowUs);
        const left = capacity - Math.floor(deficit) - amount;
        if (amount > 0 && left < 0) answer[0] = 0;
        const ahead = left < 2 * wanted ? 0 : wanted;
        takeFromBucket(key, deficit, amount + ahead, refill, clockWentBack);
        answer.push(Math.floor(deficit), ahead);
        continue;
      }
      const [one, next, limit, amount] = [input.key(), input.key(), input.number(), input.number()];
      const turn = nowMs < input.number() ? 0 : 1;
      const keptUntilMs = [input.number(), input.number()][turn] ?? 0;
      const key = turn === 0 ? one : next;
      const { used, most } = countOf(memory.get(key));
      const beyond = beyondLimit(limit, used, amount);
      changes.push((given) => {
        if (!given || amount === 0) return;
        keepCount(memory, key, { used: used + amount, most: Math.max(most, used + amount) }, keptUntilMs, nowMs);
      });
      answer.push(turn, used, most);
      if (kind === 'reject' && beyond > 0) answer[0] = 0;
      if (kind === 'throttle') {
        const [bucket, capacity, refill] = [input.key(), input.number(), input.number()];
        const { deficit, clockWentBack } = lackOf(memory.get(bucket), refill, nowUs);
        if (beyond > 0 && Math.floor(deficit) + beyond > capacity) answer[0] = 0;
        takeFromBucket(bucket, deficit, beyond, refill, clockWentBack);
        answer.push(Math.floor(deficit));
      }
    }
    for (const change of changes) change(answer[0] === 1);
    return answer;
  },
};
