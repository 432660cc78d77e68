export interface RetryBudget {
  /** A call that is no retry was made. */
  called(): void;
  /** Whether a retry may be made; it is then counted. */
  take(): boolean;
}

/** Retries that a subgraph gets before there were calls to earn them: a first failure may be tried again. */
const RESERVE = 10;

/**
 * Keeps retries to a share of the calls, so that they cannot multiply an outage: each call earns `ratio` of a retry,
 * and no more than the reserve is kept.
 */
export function retryBudget(ratio: number): RetryBudget {
  let retries = RESERVE;
  return {
    called() {
      retries = Math.min(RESERVE, retries + ratio);
    },
    take() {
      if (retries < 1) return false;
      retries -= 1;
      return true;
    },
  };
}
