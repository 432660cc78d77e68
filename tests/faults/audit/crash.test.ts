import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { fileSink } from '../../../plugins/audit/index.ts';
import type { TestGateway } from '../../harness/gateway.ts';
import { startRedis } from '../../harness/redis.ts';
import type { TestSubgraph } from '../../harness/subgraph.ts';
import { until } from '../../harness/until.ts';
import { fileIn, filesIn, linesIn, SIGNING_KEY, startAudited, verify } from '../../audit/audited-gateway.ts';
import { startPeople } from '../../audit/people-subgraph.ts';

// What stands in the file when a gateway is killed, and what becomes of operations that cannot be recorded.

let people: TestSubgraph;
let folder: string;
beforeAll(async () => {
  people = await startPeople();
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-crash-'));
});
afterAll(async () => {
  await people?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function send(gateway: TestGateway, requestId: string): Promise<{ status: number; body: string }> {
  const response = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json',
      'x-request-id': requestId,
    },
    body: JSON.stringify({ query: 'query Sent { slow(ms: 0) }' }),
  });
  return { status: response.status, body: await response.text() };
}

/** Sends until the gateway is killed; gives what was answered, and when. */
async function killUnderLoad(gateway: TestGateway, prefix: string): Promise<readonly { id: string; at: number }[]> {
  const answered: { id: string; at: number }[] = [];
  let isOver = false;
  async function client(name: string): Promise<void> {
    for (let i = 0; !isOver; i++) {
      const id = `${prefix}-${name}-${i}`;
      const answer = await send(gateway, id).catch(() => undefined);
      if (!answer) return;
      expect(answer.status).toBe(200);
      answered.push({ id, at: performance.now() });
      await sleep(20);
    }
  }
  const clients = ['a', 'b'].map(client);
  await until('some answers', () => answered.length > 20);
  // Beyond the second for which records may wait.
  await sleep(1_300);
  process.kill(gateway.pid, 'SIGKILL');
  isOver = true;
  await Promise.all(clients);
  return answered;
}

const recorded = async () => new Set((await linesIn(folder)).map(({ requestId }) => requestId));

test('a killed gateway has lost no more than its durability says, and the next one goes on with the chain', async () => {
  const start = (durability: 'buffered' | 'sync') =>
    startAudited({ folder, subgraphs: [people], file: { durability } });
  {
    await using gateway = await start('buffered');
    const answered = await killUnderLoad(gateway, 'buffered');
    const killedAt = performance.now();
    const known = await recorded();
    const lost = answered.filter(({ id }) => !known.has(id));
    // A second, and what the machine takes to write.
    for (const { at } of lost) expect(killedAt - at).toBeLessThan(1_300);
    expect(lost.length).toBeLessThan(answered.length);
  }
  // As if it had been killed within a line.
  const whole = await readFile(fileIn(folder));
  await writeFile(fileIn(folder), whole.subarray(0, -20));
  expect((await verify(await filesIn(folder))).stderr).toContain('the file is cut within this line');
  {
    await using gateway = await start('sync');
    const answered = await killUnderLoad(gateway, 'sync');
    const known = await recorded();
    expect(answered.filter(({ id }) => !known.has(id))).toEqual([]);
  }
  const next = fileSink({ path: fileIn(folder), signingKey: SIGNING_KEY });
  await next.open();
  await next.close();
  const { code, stderr } = await verify([...(await filesIn(folder)), '--expect-closed']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect((await linesIn(folder)).filter(({ type }) => type === 'resumed')).toMatchObject([
    { torn: expect.any(Number) },
    {},
  ]);
});

test('with fail-closed, what cannot be recorded is refused with AUDIT_UNAVAILABLE, or not answered', async () => {
  const own = await mkdtemp(join(tmpdir(), 'gatehouse-closed-'));
  const redis = await startRedis();
  const gateway = await startAudited({
    folder: own,
    subgraphs: [people],
    audit: { backPressure: 'fail-closed', capacity: 2 },
    file: { durability: 'sync' },
    env: { SINKS: 'redis', AUDIT_REDIS_URL: redis.url },
  });
  const client = createClient({
    url: `${gateway.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
  });
  onTestFinished(async () => {
    void client.dispose();
    await gateway[Symbol.asyncDispose]();
    await redis.close();
    await rm(own, { recursive: true });
  });
  expect((await send(gateway, 'first')).status).toBe(200);

  // One of the sinks stands still: nothing is executed any more.
  redis.pause();
  const refused = await until('a refusal', async () => {
    const answer = await send(gateway, 'paused');
    return answer.status !== 200 && answer;
  });
  expect(refused.status).toBe(503);
  expect(JSON.parse(refused.body)).toEqual({
    errors: [{ message: expect.any(String), extensions: { code: 'AUDIT_UNAVAILABLE' } }],
  });
  const before = people.calls.length;
  const code = [{ extensions: { code: 'AUDIT_UNAVAILABLE' } }];
  await expect(client.iterate({ query: '{ slow(ms: 0) }' }).next()).rejects.toMatchObject(code);
  expect(people.calls.length).toBe(before);
  expect(gateway.log()).not.toContain(redis.url);
  redis.resume();
  await until('that it is answered again', async () => (await send(gateway, 'resumed')).status === 200);
  await expect(client.iterate({ query: '{ slow(ms: 0) }' }).next()).resolves.toMatchObject({ value: { data: {} } });

  // Somebody else writes to the file, so that nothing more can be: what was executed is not answered.
  await writeFile(fileIn(own), 'x', { flag: 'a' });
  const { status, body } = await send(gateway, 'last');
  expect(status).toBe(503);
  expect(body).toContain('AUDIT_UNAVAILABLE');
  expect(body).not.toContain('"data"');
});
