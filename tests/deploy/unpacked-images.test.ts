import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { demoSubgraphs } from '../../subgraphs/index.ts';
import { freePort, startRedis } from '../harness/redis.ts';
import { until } from '../harness/until.ts';
import { setVariables } from './compose-file.ts';
import { manifestsOf, only, podOf } from './kubernetes.ts';
import { service } from './project.ts';
import { unpackImage } from './unpacked-image.ts';

const run = promisify(execFile);
const HOST = '127.0.0.1';
const QUERY = '{ products { upc inStock reviews { author { name } } } }';

test('from no more than what the images hold, the gateway and the subgraphs start, answer, tell their health and stop', async () => {
  await using cleanUp = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-'));
  cleanUp.defer(() => rm(directory, { recursive: true, force: true }));
  const subgraphsImage = cleanUp.use(await unpackImage('subgraphs'));
  const gatewayImage = cleanUp.use(await unpackImage('gateway'));

  const subgraphs = await Promise.all(
    demoSubgraphs.map(async ({ name }) => {
      const env = { ...setVariables(service(name)), HOST, PORT: String(await freePort()) };
      const running = cleanUp.use(subgraphsImage.run(env, service(name).command));
      await until(`${name} to be healthy`, async () => (await subgraphsImage.checkHealth(env)) === 0);
      return { name, running, url: `http://${HOST}:${env.PORT}/graphql` };
    }),
  );
  const redis = await startRedis(service('redis').command);
  cleanUp.defer(() => redis.close());

  const env = {
    ...setVariables(service('gateway')),
    SUBGRAPHS: subgraphs.map(({ name, url }) => `${name}=${url}`).join(','),
    REDIS_URL: redis.url,
    GATEHOUSE_DIR: directory,
    HOST,
    PORT: String(await freePort()),
    ADMIN_PORT: String(await freePort()),
  };
  expect(await gatewayImage.checkHealth(env)).toBe(1);
  const gateway = cleanUp.use(gatewayImage.run(env));
  const url = `http://${HOST}:${env.PORT}`;
  await until('the gateway to be ready', async () => {
    const answer = await fetch(`${url}/health/ready`).catch(() => undefined);
    return answer?.ok;
  }).catch((error: unknown) => expect.fail(`${String(error)}\n${gateway.output()}`));

  expect(await gatewayImage.checkHealth(env)).toBe(0);
  for (const path of probedPaths()) expect((await fetch(url + path)).status, path).toBe(200);
  const metrics = await (await fetch(`http://${HOST}:${env.ADMIN_PORT}/metrics`)).text();
  expect(metrics).toMatch(/^nodejs_eventloop_utilization_ratio /m);
  expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ status: 'ok', redis: { status: 'ok' } });
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: QUERY }),
  });
  expect(await answer.json()).toEqual({ data: { products: expect.arrayContaining([expect.anything()]) } });
  expect(await readdir(directory)).toContain('last-good-schemas.json');

  expect(await gateway.stop()).toBe(0);
  for (const { name, running } of subgraphs) expect(await running.stop(), name).toBe(0);
});

/** What Kubernetes asks a pod for. */
function probedPaths(): readonly string[] {
  const manifests = manifestsOf('base').map(({ manifest }) => manifest);
  const { container } = podOf(only(manifests, 'Deployment'));
  const probes = [container.startupProbe, container.livenessProbe, container.readinessProbe];
  return probes.map((probe) => probe?.httpGet?.path ?? expect.fail('a probe asks for no path'));
}

test('Redis takes the options of its service, and its health check knows when it does not answer', async () => {
  await using cleanUp = new AsyncDisposableStack();
  const { command, healthcheck } = service('redis');
  const redis = await startRedis(command);
  cleanUp.defer(() => redis.close());
  const [program = '', ...args] = healthcheck?.test.slice(1) ?? [];
  const ask = (...words: string[]) => run(program, ['-p', String(redis.port), ...words]);

  expect((await ask(...args)).stdout).toBe('PONG\n');
  const { stdout } = await ask('config', 'get', 'appendonly', 'maxmemory*', 'save');
  expect(stdout.split('\n')).toEqual(expect.arrayContaining(['yes', '268435456', 'volatile-ttl']));
  await redis.kill();
  await expect(ask(...args)).rejects.toMatchObject({ code: 1 });
});
