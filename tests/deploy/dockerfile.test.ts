import { describe, expect, test } from 'vitest';
import { demoSubgraphs } from '../../subgraphs/index.ts';
import { execWords, imageOf } from './dockerfile.ts';
import { stages } from './project.ts';
import { packageManifest, readText } from './repository.ts';
import { SECRET, undocumented } from './variables.ts';

const gateway = imageOf(stages, 'gateway');
const subgraphs = imageOf(stages, 'subgraphs');
const images = [
  ['gateway', gateway],
  ['subgraphs', subgraphs],
] as const;

test('the images run the very Node that the packages bring for the tests, of the major version in .nvmrc', () => {
  const [, version = '', major] = /^node:((\d+)\.\d+\.\d+)-[a-z]+-slim$/.exec(gateway.base) ?? [];
  expect(Object.values(packageManifest().optionalDependencies)).toContain(version);
  expect(major).toBe(readText('.nvmrc').trim());
  expect(Number(major)).toBeGreaterThanOrEqual(24);
});

test('all stages stand on one pinned base image', () => {
  for (const { name } of stages) expect(imageOf(stages, name).base, name).toBe(gateway.base);
  expect(gateway.base).toMatch(/^[a-z]+:\d+\.\d+\.\d+/);
});

test('a build without --target is the gateway', () => {
  expect(stages.at(-1)?.name).toBe('gateway');
});

describe.each(images)('the image %s', (_, image) => {
  test('does not run as root, and says so with a number, which Kubernetes can check', () => {
    expect(image.user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  });

  test('runs for production, in a folder of its own', () => {
    expect(image.env['NODE_ENV']).toBe('production');
    expect(image.folder).toMatch(/^\/\w+$/);
  });

  test('listens on every address of its container', () => {
    expect(image.env['HOST']).toBe('0.0.0.0');
  });

  test('starts Node itself, with no shell or npm between it and the signals', () => {
    expect(execWords(image.command)[0]).toBe('node');
  });

  test('is asked for its health by Node, without a shell or other programs', () => {
    expect(execWords(image.healthcheck)).toEqual(['node', '-e', expect.any(String)]);
  });
});

test('the gateway is started as by npm run gateway: the stock CLI with its supergraph command', () => {
  expect(execWords(gateway.command)).toEqual(packageManifest().scripts['gateway']?.split(' '));
  expect(execWords(gateway.command).slice(-2)).toEqual([
    'node_modules/@graphql-hive/gateway/dist/bin.js',
    'supergraph',
  ]);
});

test("the gateway's health is /health/live on the port that it listens on and exposes", () => {
  expect(execWords(gateway.healthcheck).at(-1)).toContain("process.env.PORT + '/health/live'");
  expect(gateway.ports).toEqual([Number(gateway.env['PORT'])]);
});

test('the gateway keeps its state in a folder that its user owns and nobody else reads', () => {
  const [uid, gid] = gateway.user?.split(':') ?? [];
  expect(gateway.runs).toContain(
    `install --directory --owner=${uid} --group=${gid} --mode=0700 ${gateway.env['GATEHOUSE_DIR']}`,
  );
});

test('the demo subgraphs expose the ports that they listen on', () => {
  expect(subgraphs.ports).toEqual(demoSubgraphs.map(({ port }) => port));
});

test('the variables that an image sets are in docs/configuration.md, and none is a secret', () => {
  for (const [, { env }] of images) {
    expect(undocumented(Object.keys(env))).toEqual([]);
    expect(Object.keys(env).filter((name) => SECRET.test(name))).toEqual([]);
  }
});
