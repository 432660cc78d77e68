import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Period } from './claim-checks.ts';
import type { Verdict } from './method.ts';

/** A verdict, and for how long it stands. */
export interface Judgement {
  readonly verdict: Verdict;
  /** Undefined: it is for those who wait for it now, and to be asked for again. */
  readonly stands?: Standing | undefined;
}

export interface Standing extends Period {
  /** Whether it still does, in between. `now` in ms since 1970. */
  readonly holds?: (now: number) => boolean;
}

/** For what can never become another. */
export const FOR_EVER: Standing = { from: -Infinity, until: Infinity };

export interface JudgedTokensOptions {
  /** Never rejects. */
  readonly judge: (token: string, now: number) => Promise<Judgement>;
  /** How many refusals are remembered. */
  readonly maxRefused: number;
}

const MAX_ACCEPTED = 10_000;
/** Longer tokens are refused unread, in bytes. */
const MAX_TOKEN_BYTES = 8192;

const TOO_LONG: Verdict = Object.freeze({ outcome: 'refused', reason: 'too long' });

export function refusal(reason: string, stands?: Standing): Judgement {
  return { verdict: Object.freeze({ outcome: 'refused', reason }), stands };
}

export interface JudgedTokens {
  /** The verdict that still stands, if there is one. */
  recall(token: string, now: number): Verdict | undefined;
  judge(token: string, now: number): Verdict | Promise<Verdict>;
  /** Judges it once more; what nobody can tell now leaves standing what was. */
  judgeAgain(token: string, now: number): Verdict | Promise<Verdict>;
}

/**
 * Judges each token once for all who bring it at the same time, and remembers by its hash, not by its text, for as long
 * as the verdict stands. Refusals never push out what was accepted.
 */
export function judgedTokens(options: JudgedTokensOptions): JudgedTokens {
  const accepted = new LRUCache<string, Judgement>({ max: MAX_ACCEPTED });
  const refused = new LRUCache<string, Judgement>({ max: options.maxRefused });
  const underWay = new Map<string, Promise<Verdict>>();

  function recallById(id: string, now: number): Verdict | undefined {
    const judgement = accepted.get(id) ?? refused.get(id);
    if (!judgement?.stands) return undefined;
    const { from, until, holds } = judgement.stands;
    return now >= from && now < until && (holds?.(now) ?? true) ? judgement.verdict : undefined;
  }

  async function judgeNow(id: string, token: string, now: number): Promise<Verdict> {
    const judgement = await options.judge(token, now).finally(() => underWay.delete(id));
    if (judgement.verdict.outcome !== 'unavailable') accepted.delete(id);
    if (judgement.stands) (judgement.verdict.outcome === 'accepted' ? accepted : refused).set(id, judgement);
    return judgement.verdict;
  }

  function begin(id: string, token: string, now: number): Promise<Verdict> {
    const verdict = judgeNow(id, token, now);
    underWay.set(id, verdict);
    return verdict;
  }

  return {
    recall: (token, now) => (isTooLong(token) ? TOO_LONG : recallById(idOf(token), now)),
    judge(token, now) {
      if (isTooLong(token)) return TOO_LONG;
      const id = idOf(token);
      return recallById(id, now) ?? underWay.get(id) ?? begin(id, token, now);
    },
    judgeAgain(token, now) {
      if (isTooLong(token)) return TOO_LONG;
      const id = idOf(token);
      return underWay.get(id) ?? begin(id, token, now);
    },
  };
}

function idOf(token: string): string {
  return hash('sha256', token, 'base64url');
}

function isTooLong(token: string): boolean {
  return token.length > MAX_TOKEN_BYTES || Buffer.byteLength(token) > MAX_TOKEN_BYTES;
}
