import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { AuditOptions, AuditStatus, FileSinkOptions } from '../../plugins/audit/index.ts';
import type { HealthReport } from '../../plugins/health/index.ts';
import { linesIn, startAudited, verify, filesIn } from '../audit/audited-gateway.ts';
import { startPeople } from '../audit/people-subgraph.ts';
import { freePort, startRedis } from '../harness/redis.ts';
import { until } from '../harness/until.ts';
import { startLoad } from './whole/load.ts';
import { expectAllEvents, expectOwnWrites, longestOf, moreAnswers, problemsOf } from './whole/promises.ts';
import { mayMount, mountSmallDisk, type SmallDisk } from './whole/small-disk.ts';
import { startSurroundings } from './whole/surroundings.ts';
import { startWholeGateway } from './whole/whole-gateway.ts';

// Gateways under load whose audit log stands on a file system that is full for a while.

/** Longer than records wait before they are written, and than it takes to try again. */
const FULL_MS = Number(process.env['FAULT_MS'] ?? 1_500);
const LONGEST_MS = 5_000;
/** Fewer than come while it is full. */
const CAPACITY = 20;
const BLOCK_TIMEOUT = 300;
const CLIENTS = 3;
/** ms in which operations end that had a place for their record before the disk was full. */
const UNDER_WAY_MS = 200;

async function emptyFolder(): Promise<{ folder: string; disk: SmallDisk }> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-full-'));
  const disk = await mountSmallDisk(join(folder, 'log'));
  onTestFinished(async () => {
    await disk[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });
  return { folder, disk };
}

describe.skipIf(!mayMount)('while the disk of the audit log is full,', () => {
  test('the whole gateway answers all as ever, says that the log is down, and writes what waited when there is space again', async () => {
    const { folder, disk } = await emptyFolder();
    await using around = await startSurroundings();
    const redis = await startRedis();
    onTestFinished(() => redis.close());
    await using gateway = await startWholeGateway(around, { redisUrl: redis.url, folder });
    await using load = await startLoad({ around, gateways: [gateway] });
    await moreAnswers(load, 1);
    await disk.fill();
    await until('the log to be down', async () => (await gateway.page()).audit.status === 'down');
    const { status, auditSinks } = await gateway.page<HealthReport>('/health');
    expect({ status, sinks: auditSinks.map((sink) => sink.status) }).toEqual({ status: 'degraded', sinks: ['down'] });
    await sleep(FULL_MS / 2);
    await disk.free();
    await until('the log to be written', async () => (await gateway.page()).audit.status === 'ok');
    await moreAnswers(load, 1);
    const report = await load.stop();

    expect(problemsOf(report.answers)).toEqual([]);
    expect(longestOf(report.answers)).toBeLessThan(LONGEST_MS);
    expectAllEvents(report);
    expectOwnWrites(report);
    expect(await gateway.stop()).toBe(0);
    expect(await gateway.verifyAudit('--expect-closed')).toMatchObject({ code: 0, stderr: '' });
    const recorded = (await linesIn(folder)).filter(({ type }) => type === 'operation');
    expect(recorded.length).toBeGreaterThanOrEqual(report.answers.length);
    expect(gateway.log()).not.toContain('Unhandled');
  });

  interface Policy {
    readonly audit: Pick<AuditOptions, 'backPressure' | 'blockTimeout'>;
    readonly durability: NonNullable<FileSinkOptions['durability']>;
    readonly promise: string;
    /** Statuses of what is asked once it is known to be full. */
    readonly statuses: readonly number[];
    readonly longestMs: number;
    readonly isExecuted: boolean;
  }

  const POLICIES: readonly Policy[] = [
    {
      audit: { backPressure: 'drop-and-count' },
      durability: 'buffered',
      promise: 'goes on, and what there is no room for is counted in the log',
      statuses: [200],
      longestMs: LONGEST_MS,
      isExecuted: true,
    },
    {
      audit: { backPressure: 'block', blockTimeout: BLOCK_TIMEOUT },
      durability: 'buffered',
      promise: `waits for ${BLOCK_TIMEOUT} ms and goes on, and what there is no room for is counted in the log`,
      statuses: [200],
      longestMs: BLOCK_TIMEOUT + LONGEST_MS,
      isExecuted: true,
    },
    {
      audit: { backPressure: 'fail-closed' },
      durability: 'buffered',
      promise: 'is refused with AUDIT_UNAVAILABLE, and not executed',
      statuses: [503],
      longestMs: LONGEST_MS,
      isExecuted: false,
    },
    {
      audit: { backPressure: 'fail-closed' },
      durability: 'sync',
      promise: 'is refused with AUDIT_UNAVAILABLE, and not executed',
      statuses: [503],
      longestMs: LONGEST_MS,
      isExecuted: false,
    },
  ];

  test.each(POLICIES.map((policy) => [policy.audit.backPressure, policy.durability, policy.promise, policy] as const))(
    'with %s (%s) an operation %s; with space again all is recorded, and the chain is whole',
    async (_, durability, __, { audit, statuses, longestMs, isExecuted }) => {
      const { folder, disk } = await emptyFolder();
      await using people = await startPeople();
      const adminPort = await freePort();
      await using gateway = await startAudited({
        folder,
        subgraphs: [people],
        audit: { ...audit, capacity: CAPACITY },
        file: { durability },
        env: { ADMIN_PORT: String(adminPort) },
      });
      const logStatus = async (): Promise<AuditStatus['status']> => {
        const page = await fetch(`http://127.0.0.1:${adminPort}/status`);
        return ((await page.json()) as { audit: AuditStatus }).audit.status;
      };

      interface Answer {
        readonly id: string;
        readonly askedAt: number;
        readonly ms: number;
        readonly status: number;
        readonly body: string;
      }
      const answers: Answer[] = [];
      let isOver = false;
      async function client(name: string): Promise<void> {
        for (let count = 0; !isOver; count++) {
          const [id, askedAt] = [`${name}-${count}`, performance.now()];
          const response = await fetch(`${gateway.url}/graphql`, {
            method: 'POST',
            headers: {
              'content-type': 'application/json',
              accept: 'application/graphql-response+json',
              'x-request-id': id,
            },
            body: JSON.stringify({ query: '{ slow(ms: 5) }' }),
          });
          const body = await response.text();
          answers.push({ id, askedAt, ms: performance.now() - askedAt, status: response.status, body });
          await sleep(15);
        }
      }
      const since = (at: number) => answers.filter(({ askedAt }) => askedAt >= at);
      const clients = Array.from({ length: CLIENTS }, (___, index) => client(`client${index}`));
      await until('answers', () => answers.length > 10);
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));

      await disk.fill();
      await until('the log to be down', async () => (await logStatus()) === 'down');
      await sleep(UNDER_WAY_MS);
      const downAt = performance.now();
      const executedBefore = people.calls.length;
      await sleep(FULL_MS);
      const during = since(downAt);
      const executed = people.calls.length - executedBefore;
      await disk.free();
      await until('the log to be written', async () => (await logStatus()) === 'ok');
      const wellAt = performance.now();
      await until('answers', () => since(wellAt).length > 10);
      isOver = true;
      await Promise.all(clients);

      expect(during.length).toBeGreaterThan(5);
      expect([...new Set(during.map(({ status }) => status))]).toEqual(statuses);
      for (const { status, body } of answers) {
        if (status === 200) expect(JSON.parse(body)).toEqual({ data: { slow: 5 } });
        else expect(JSON.parse(body)).toMatchObject({ errors: [{ extensions: { code: 'AUDIT_UNAVAILABLE' } }] });
        if (status !== 200) expect(body).not.toContain('"data"');
      }
      expect(executed > 0).toBe(isExecuted);
      expect(Math.max(...answers.map(({ ms }) => ms))).toBeLessThan(longestMs);
      expect(new Set(since(wellAt).map(({ status }) => status))).toEqual(new Set([200]));

      expect(await gateway.stop()).toBe(0);
      expect(await verify([...(await filesIn(folder)), '--expect-closed'])).toMatchObject({ code: 0, stderr: '' });
      const lines = await linesIn(folder);
      const recorded = new Set(lines.map(({ requestId }) => requestId));
      const dropped = lines.reduce((sum, { type, count }) => sum + (type === 'dropped' ? Number(count) : 0), 0);
      const answered = answers.filter(({ status }) => status === 200);
      const missing = answered.filter(({ id }) => !recorded.has(id));
      // What was answered is recorded, or counted as dropped.
      if (isExecuted) {
        expect(dropped).toBe(missing.length);
        expect(dropped).toBeGreaterThan(0);
      } else {
        expect(missing).toEqual([]);
      }
    },
  );
});
