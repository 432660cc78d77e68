import { setTimeout as sleep } from 'node:timers/promises';

/** ms between the starts of two requests that were wanted. */
const COOLDOWN = 5_000;
/** ms from a failed request to the next. */
const PAUSE_AFTER_FAILURE = 1_000;
/** Those who wait for a cooldown to end. */
const MAX_WAITING = 1_000;

/** One request at a time, for all who want its answer. Times are in ms since 1970. */
export interface PacedRequest {
  /** Sends one that nobody waits for, unless it is too early. */
  refresh(at: number): void;
  /**
   * Whether it was answered: the one under way, else the next, which begins when the cooldown has ended. False at once
   * during the pause after a failure, and for those who are too many to wait.
   */
  next(at: number): Promise<boolean>;
  /** Whether the last was answered and the next is not to begin yet. */
  coolingDown(at: number): boolean;
}

/**
 * @param send rejects when it is not answered
 * @param closing ends the waiting
 */
export function pacedRequest(send: (at: number) => Promise<void>, closing: AbortSignal): PacedRequest {
  let mayBeginAt = -Infinity;
  let failing = false;
  let underWay: Promise<boolean> | undefined;
  let afterCooldown: Promise<boolean> | undefined;
  let waiting = 0;

  function begin(at: number, cooldown: number): Promise<boolean> {
    mayBeginAt = at + cooldown;
    return (underWay = run(at).finally(() => (underWay = undefined)));
  }

  async function run(at: number): Promise<boolean> {
    const begun = performance.now();
    try {
      await send(at);
      failing = false;
    } catch {
      failing = true;
      mayBeginAt = at + (performance.now() - begun) + PAUSE_AFTER_FAILURE;
    }
    return !failing;
  }

  async function beginLater(at: number): Promise<boolean> {
    // A clock that was set back must not stretch the wait.
    const wait = Math.min(mayBeginAt - at, COOLDOWN);
    try {
      await sleep(wait, undefined, { signal: closing, ref: false });
    } catch {
      return false;
    } finally {
      afterCooldown = undefined;
    }
    return underWay ?? begin(at + wait, COOLDOWN);
  }

  return {
    refresh(at) {
      if (!underWay && !afterCooldown && at >= mayBeginAt) void begin(at, 0);
    },
    async next(at) {
      if (underWay) return underWay;
      if (at >= mayBeginAt) return begin(at, COOLDOWN);
      if (failing || waiting >= MAX_WAITING) return false;
      waiting++;
      afterCooldown ??= beginLater(at);
      return afterCooldown.finally(() => waiting--);
    },
    coolingDown: (at) => !underWay && !failing && at < mayBeginAt,
  };
}
