import type { Period, Turn } from '../quotas/calendar.ts';
import { beyondLimit, thresholdsReached } from '../quotas/quota.ts';
import { retryAfter } from './bucket.ts';
import type { CountedBy, QuotaEntry, QuotaState, Verdict } from './entry.ts';
import { amountToMicro, toMicro, toTokens } from './micro-tokens.ts';
import { quotaKey, throttleKey } from './store-key.ts';
import type { Answer, Wire } from './wire.ts';

/** What take.lua is told of a quota. Which of the two periods counts is decided where it is counted. */
export function askQuota({ keys, args }: Wire, { key, quota, amount }: QuotaEntry, { before, after }: Turn): void {
  const { limit, overage } = quota;
  keys.push(quotaKey(key, before.id), quotaKey(key, after.id));
  const kind = typeof overage === 'object' ? 'throttle' : overage;
  args.push(kind, toMicro(limit), amountToMicro(amount), after.startsAt, keptUntil(before), keptUntil(after));
  if (typeof overage !== 'object') return;
  keys.push(throttleKey(key));
  args.push(toMicro(overage.throttle.capacity), overage.throttle.refillPerSecond);
}

/** What take.lua answered of a quota. `at`: when, in ms since 1970, by the clock of whoever counted. */
export function takenFromQuota(
  entry: QuotaEntry,
  turn: Turn,
  given: boolean,
  at: number,
  countedBy: CountedBy,
  answer: Answer,
): QuotaState {
  const { quota } = entry;
  const amount = amountToMicro(entry.amount);
  const period = answer() === 0 ? turn.before : turn.after;
  const before = answer();
  const mostBefore = answer();
  const throttled = typeof quota.overage === 'object' ? answer() : 0;
  const used = given ? before + amount : before;
  const verdict = verdictOf(entry, before, throttled, Math.max(0, period.endsAt - at));
  const beyond = given ? toTokens(beyondLimit(toMicro(quota.limit), before, amount)) : 0;
  const reached = reachedNow(entry, countedBy, mostBefore, Math.max(mostBefore, used));
  return quotaState(entry, countedBy, verdict, period, used, beyond, reached);
}

/** What settle.lua is told of a quota. */
export function settleQuota({ keys, args }: Wire, { entry, period, beyond }: QuotaState, difference: number): void {
  const { limit, overage } = entry.quota;
  keys.push(quotaKey(entry.key, period.id));
  args.push(typeof overage === 'object' ? 'throttle' : 'count', toMicro(limit), difference, keptUntil(period));
  if (typeof overage !== 'object') return;
  keys.push(throttleKey(entry.key));
  args.push(toMicro(beyond), toMicro(overage.throttle.capacity), overage.throttle.refillPerSecond);
}

/** What settle.lua answered of a quota. */
export function settledQuota({ entry, countedBy, period, verdict, beyond }: QuotaState, answer: Answer): QuotaState {
  const used = answer();
  const reached = reachedNow(entry, countedBy, answer(), answer());
  // What the bucket beyond the limit lacks.
  if (typeof entry.quota.overage === 'object') answer();
  return quotaState(entry, countedBy, verdict, period, used, beyond, reached);
}

function quotaState(
  entry: QuotaEntry,
  countedBy: CountedBy,
  verdict: Verdict,
  period: Period,
  used: number,
  beyond: number,
  reached: readonly number[],
): QuotaState {
  const remaining = toTokens(Math.max(0, toMicro(entry.quota.limit) - used));
  return { kind: 'quota', entry, countedBy, verdict, period, used: toTokens(used), remaining, beyond, reached };
}

/** A process that counts alone would say it once more. */
function reachedNow({ quota }: QuotaEntry, countedBy: CountedBy, mostBefore: number, most: number): number[] {
  return countedBy === 'store' ? thresholdsReached(quota, mostBefore, most) : [];
}

function verdictOf({ quota, amount: tokens }: QuotaEntry, used: number, throttled: number, leftMs: number): Verdict {
  const { overage } = quota;
  const [limit, amount] = [toMicro(quota.limit), amountToMicro(tokens)];
  const beyond = beyondLimit(limit, used, amount);
  if (beyond === 0 || overage === 'allow') return 'allowed';
  // The next period begins with nothing used.
  const beyondThen = beyondLimit(limit, 0, amount);
  if (overage === 'reject') return { retryAfterMs: beyondThen > 0 ? 'never' : leftMs };
  const { throttle } = overage;
  if (throttled + beyond <= toMicro(throttle.capacity)) return 'allowed';
  const [now, then] = [retryAfter(throttle, throttled, beyond), retryAfter(throttle, throttled, beyondThen)];
  const inNextPeriod = then === 'never' ? Infinity : Math.max(leftMs, then);
  const soonest = Math.min(now === 'never' ? Infinity : now, inNextPeriod);
  return { retryAfterMs: soonest === Infinity ? 'never' : soonest };
}

/** For as long again as it was: so long it can be corrected, read and billed. */
function keptUntil({ startsAt, endsAt }: Period): number {
  return endsAt + (endsAt - startsAt);
}
