import type { RatePolicy } from '../../plugins/limits/index.ts';

/** One bucket for all who ask what `loadGateways` asks, whichever process they ask. */
export const EXACT = {
  name: 'exact',
  match: { operationName: 'Load' },
  scope: 'global',
  capacity: 150,
  refillPerSecond: 100,
} as const satisfies RatePolicy;
