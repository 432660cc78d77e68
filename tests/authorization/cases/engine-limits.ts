/** ms that a decision point may take. */
export const ENGINE_TIMEOUT = 1_000;

/** ms that a decision by the policy `kept` is remembered. */
export const CEDAR_TTL = 2_000;
