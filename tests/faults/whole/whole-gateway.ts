import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuditStatus } from '../../../plugins/audit/index.ts';
import type { CacheStatus } from '../../../plugins/caching/index.ts';
import type { LimitsOptions } from '../../../plugins/limits/index.ts';
import { fileIn, filesIn, SIGNING_KEY, verify } from '../../audit/audited-gateway.ts';
import { providerEnvironment } from '../../authentication/gateway/environment.ts';
import { SECRET } from '../../caching/gateway/caching-gateway.ts';
import type { CommandResult } from '../../harness/command.ts';
import { startGateway, type TestGateway } from '../../harness/gateway.ts';
import { freePort } from '../../harness/redis.ts';
import { until } from '../../harness/until.ts';
import type { Surroundings } from './surroundings.ts';

/** Of the policy that refuses: all callers of the operation `Limited` share one bucket. */
export const LIMITED = { capacity: 20, refillPerSecond: 10 };
const POLICIES = [
  // Asks Redis about each operation, and refuses none.
  { name: 'requests', capacity: 100_000, refillPerSecond: 10_000 },
  { name: 'limited', match: { operationName: 'Limited' }, scope: 'global', ...LIMITED },
];
/** ms; the usual one of tests would keep the machine busy. */
const POLL_INTERVAL = '2000';

export interface Status {
  readonly cache: CacheStatus;
  readonly audit: AuditStatus;
  readonly server: { readonly webSockets: { readonly connections: number }; readonly openSockets: number };
  readonly subscriptions: { readonly subscriptions: number };
}

/** The stock CLI with the repository's own configuration and everything on. */
export interface WholeGateway extends TestGateway {
  /** Of the admin listener. */
  page<Body = Status>(path?: string): Promise<Body>;
  /** Ends it at once (SIGKILL). */
  kill(): void;
  /** Its state on disk, with the audit log. */
  readonly folder: string;
  /** Its audit log as it is. */
  auditText(): Promise<string>;
  /** Checks the chain of its audit log. */
  verifyAudit(...options: readonly string[]): Promise<CommandResult>;
}

export interface WholeGatewayOptions {
  readonly redisUrl: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Options of `useLimits` beside the policies. */
  readonly limits?: Pick<LimitsOptions, 'timeout' | 'processes'>;
  /** State of an earlier one, which removes it. */
  readonly folder?: string;
  readonly config?: string;
}

export async function startWholeGateway(around: Surroundings, options: WholeGatewayOptions): Promise<WholeGateway> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'gatehouse-whole-')));
  const adminPort = await freePort();
  const gateway = await startGateway({
    subgraphs: around.subgraphs,
    config: options.config ?? new URL('gateway.config.ts', import.meta.url).pathname,
    directory: folder,
    env: {
      ...providerEnvironment(around.provider),
      ADMIN_PORT: String(adminPort),
      AUDIT_FILE: fileIn(folder),
      AUDIT_SIGNING_KEY: SIGNING_KEY,
      AUTHZEN_URL: around.decisionPoint.url,
      COMPOSITION_POLL_INTERVAL: POLL_INTERVAL,
      LIMITS: JSON.stringify({ policies: POLICIES, ...options.limits }),
      LOG_LEVEL: 'warn',
      OTEL_EXPORTER_OTLP_ENDPOINT: around.collector.url,
      REDIS_URL: options.redisUrl,
      WEBHOOK_SECRET: SECRET,
      ...options.env,
    },
  });
  // Before the first request it listens to no other.
  await gateway.query('{ product(id: "none") { id } }');
  return {
    ...gateway,
    folder,
    async page<Body = Status>(path = '/status') {
      return (await (await fetch(`http://127.0.0.1:${adminPort}${path}`)).json()) as Body;
    },
    kill: () => void process.kill(gateway.pid, 'SIGKILL'),
    async auditText() {
      const files = await filesIn(folder);
      return (await Promise.all(files.map((file) => readFile(file, 'utf8')))).join('');
    },
    verifyAudit: async (...more) => verify([...(await filesIn(folder)), ...more]),
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      if (!options.folder) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Waits until all of them are linked by Redis, and nothing that one had to tell the others is left. */
export async function linked(gateways: readonly WholeGateway[], deadline?: number): Promise<void> {
  const areLinked = async (): Promise<boolean> => {
    const all = await Promise.all(gateways.map((gateway) => gateway.page()));
    return all.every(({ cache: { l2, undelivered } }) => l2 === 'linked' && undelivered === 0);
  };
  await until('the gateways to be linked', areLinked, deadline);
}
