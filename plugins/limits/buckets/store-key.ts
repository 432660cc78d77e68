import { createHash } from 'node:crypto';

/**
 * One hash tag for all, so that a Cluster keeps them in one slot and one script can take from several. The price: one
 * node of the Cluster does the counting for all gateways, and while it fails over, nothing else counts.
 */
const PREFIX = '{gatehouse:limits}:';
/** Keys hold what clients send. A longer one stands there as its hash. */
const MAX_LENGTH = 150;

export function bucketKey(key: string): string {
  return `${PREFIX}bucket:${bounded(key)}`;
}

export function quotaKey(key: string, periodId: string): string {
  return `${PREFIX}quota:${bounded(key)}:${periodId}`;
}

/** The bucket for what is beyond the limit of a quota, whichever its period. */
export function throttleKey(key: string): string {
  return `${PREFIX}throttle:${bounded(key)}`;
}

function bounded(key: string): string {
  return key.length <= MAX_LENGTH ? key : `#${createHash('sha256').update(key).digest('base64url')}`;
}
