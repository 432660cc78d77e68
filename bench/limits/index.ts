import { measureGateways } from './gateways/index.ts';
import { run as measureOutages } from './outage.ts';
import { run as measureTokenStore } from './token-store.ts';

/**
 * What limits cost: a decision beside `rate-limiter-flexible`, a request beside the stock gateway's `rateLimiting`, all
 * on one Redis; and what an outage of Redis does to them.
 */
export async function run(): Promise<void> {
  await measureTokenStore();
  await measureGateways();
  await measureOutages();
}
