import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fleetOf } from './fleet.ts';
import { measureFork } from './fork.ts';
import { CONFIG, startGround } from './ground.ts';
import { measureInvalidation } from './invalidation.ts';
import { measureLimits } from './limits.ts';
import { measureReload } from './reload.ts';
import { measureThroughput } from './throughput.ts';

const COUNTS = [1, 2, 4];
/** Of each load, in ms. */
const LOAD_MS = Number(process.env['BENCH_SCALE_MS'] ?? 5_000);

/**
 * Several gateways on one Redis: what they answer in a second, and whether limits, the cache and the schema are as if
 * there were one; then the workers of the CLI's own `--fork`.
 */
export async function run(): Promise<void> {
  console.error(`${availableParallelism()} cores for gateways, clients, subgraphs and Redis`);
  await measureThroughput(COUNTS, LOAD_MS);
  await using ground = await startGround();
  await measureAgreement();
  await measureFork(ground, LOAD_MS);

  async function measureAgreement(): Promise<void> {
    await using fleet = fleetOf(CONFIG, (n) => ({
      ...ground.env,
      AUDIT_FILE: join(ground.directory, `audit.${n}.log`),
    }));
    for (const count of COUNTS) {
      const gateways = await fleet.grownTo(count);
      const name = `n${count}`;
      await measureLimits(
        name,
        ground,
        gateways.map(({ origin }) => origin),
        LOAD_MS,
      );
      await measureInvalidation(name, ground, gateways);
      await measureReload(name, ground, gateways);
    }
  }
}
