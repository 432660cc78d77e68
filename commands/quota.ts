import { parseArgs } from 'node:util';
import { limits } from '../gateway.config.ts';
import { quotaUsage, resetQuota, type QuotaUsage } from '../plugins/limits/quota-usage.ts';
import { connectRedis } from '../plugins/redis/index.ts';

const USAGE = `Usage: npm run quota -- show POLICY --for WHO [--format text|json]
       npm run quota -- reset POLICY --for WHO

Shows how much of a quota of gateway.config.ts is used in the current period, or sets that to nothing.
  --for WHO  as the gateway's log and /status name them: jwt:ISSUER:ID, api-key::ID, introspection:ISSUER:ID,
             client:ID, address:ADDRESS, operation:NAME, all (each part percent-encoded)
They are kept in Redis (REDIS_URL).`;

/** The store's own default is for requests, which nobody may keep waiting. */
const COMMAND_TIMEOUT_MS = 5_000;

async function main(): Promise<number> {
  const { command, policy: name, who, format } = readArguments();
  const policy = limits.quotas.find((one) => one.name === name);
  if (!policy) {
    const names = limits.quotas.map((one) => one.name).join(', ') || 'there are none';
    throw new Error(`there is no quota "${name}" in gateway.config.ts; quotas: ${names}`);
  }
  const store = connectRedis({ url: process.env.REDIS_URL, commandTimeoutMs: COMMAND_TIMEOUT_MS });
  if (store.kind === 'memory') throw new Error('REDIS_URL is not set: without it, usage is known to the gateway alone');
  try {
    const usage = await (command === 'reset' ? resetQuota : quotaUsage)(store, policy, who);
    if (format === 'json') console.log(JSON.stringify(usage, null, 2));
    else console.log(lineOf(usage));
    return 0;
  } finally {
    await store.close();
  }
}

function lineOf({ policy, for: who, used, limit, period }: QuotaUsage): string {
  return `${policy}  ${who}  ${used} of ${limit}, until ${period.endsAt}`;
}

function readArguments(): { command: 'show' | 'reset'; policy: string; who: string; format: string } {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { for: { type: 'string' }, format: { type: 'string', default: 'text' }, help: { type: 'boolean' } },
  });
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  const [command, policy, ...rest] = positionals;
  if (command !== 'show' && command !== 'reset') throw new Error('it takes show or reset');
  if (policy === undefined || rest.length > 0) throw new Error(`${command} takes the name of one quota`);
  if (values.for === undefined) throw new Error('--for is missing; it says whose quota it is');
  if (values.format !== 'text' && values.format !== 'json') {
    throw new Error(`--format is "${values.format}"; it takes text or json`);
  }
  return { command, policy, who: values.for, format: values.format };
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`${(error as Error).message}\n\n${USAGE}`);
  process.exitCode = 1;
}
