import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { subgraphsFromEnvironment } from '../../plugins/composition/environment.ts';
import { parseRedisUrl } from '../../plugins/redis/redis-url.ts';
import { demoSubgraphs } from '../../subgraphs/index.ts';
import { setVariables } from './compose-file.ts';
import { execWords } from './dockerfile.ts';
import { moduleGraph } from './module-graph.ts';
import { builtImage, compose, service, services, stages } from './project.ts';
import { ROOT } from './repository.ts';
import { longestShutdown } from './shutdown-time.ts';
import { SECRET, undocumented } from './variables.ts';

const gateway = service('gateway');
const gatewayVariables = setVariables(gateway);
const subgraphs = subgraphsFromEnvironment(gatewayVariables) ?? [];

/** Which shows how the others do: nothing waits for it, and its pages are for this machine. */
const CONSOLES = new Set(['jaeger', 'prometheus', 'grafana']);
const TELEMETRY = new Set([...CONSOLES, 'collector']);
/** Images without a program that could ask them. */
const NOT_ASKED = new Set(['collector', 'jaeger']);

/** Read by the gateway's CLI and by Node's packages, beside those that the repository's own modules read. */
const READ_BY_PACKAGES = new Set(['HOST', 'PORT', 'NODE_ENV']);

describe.each(services)('the service %s', (name, description) => {
  const image = () => builtImage(description);

  test('is built from a stage of the Dockerfile, or its image is pinned to a version', () => {
    if (description.build) expect(stages.map((stage) => stage.name)).toContain(description.build.target);
    else expect(description.image).toMatch(/^[a-z-]+(\/[a-z-]+)?:v?\d+\.\d+\.\d+/);
  });

  test('does not run as root and cannot become it', () => {
    expect(description.user ?? image()?.user).toMatch(/^(?!root\b|0\b)\w/);
    expect(description.cap_drop).toEqual(['ALL']);
    expect(description.security_opt).toContain('no-new-privileges:true');
  });

  test('writes only to its volumes and to memory', () => {
    expect(description.read_only).toBe(true);
    for (const volume of description.volumes ?? []) {
      const [source = '', path, mode] = volume.split(':');
      expect(path).toMatch(/^\//);
      if (!source.startsWith('./')) expect(compose.volumes).toHaveProperty([source]);
      else {
        expect(source).toMatch(/^\.\/deploy\//);
        expect(existsSync(join(ROOT, source)), source).toBe(true);
        expect(mode).toBe('ro');
      }
    }
  });

  test('tells whether it is healthy, without a shell', () => {
    if (NOT_ASKED.has(name)) return;
    const [how, program] = description.healthcheck?.test ?? ['CMD', ...execWords(image()?.healthcheck)];
    expect(how).toBe('CMD');
    expect(program).toMatch(/^(node|redis-cli|promtool|wget)$/);
  });

  test('is on networks that the file has', () => {
    expect(description.networks).not.toEqual([]);
    for (const network of description.networks) expect(compose.networks).toHaveProperty([network]);
  });

  test('is published only if people look at it, and then on this machine only', () => {
    if (name !== 'gateway' && !CONSOLES.has(name)) expect(description.ports).toBeUndefined();
    for (const port of description.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  test('has no secret with a value', () => {
    const secrets = Object.entries(description.environment ?? {}).filter(([variable]) => SECRET.test(variable));
    for (const [variable, value] of secrets) {
      // Nobody but the gateway reaches it, and it asks for no password.
      if (variable !== 'REDIS_URL') expect(value ?? '', variable).toMatch(/^(\$\{\w+:?-?\})?$/);
    }
    const texts = [...Object.values(description.environment ?? {}), ...(description.command ?? [])].map(String);
    for (const text of texts) expect(text).not.toMatch(/:\/\/[^/,]*@|requirepass/);
  });
});

test('the port that is published is the one that the gateway listens on', () => {
  const port = gatewayVariables['PORT'] ?? builtImage(gateway)?.env['PORT'];
  expect(gateway.ports).toEqual([`127.0.0.1:4000:${port}`]);
});

test('the gateway knows each of the demo subgraphs', () => {
  expect(subgraphs.map(({ name }) => name)).toEqual(demoSubgraphs.map(({ name }) => name));
});

test.each(subgraphs)('SUBGRAPHS says where the service $name really listens', ({ name, url }) => {
  const { protocol, hostname, port, pathname } = new URL(url);
  const subgraph = service(hostname);
  const variables = setVariables(subgraph);
  expect({ protocol, hostname, pathname }).toEqual({ protocol: 'http:', hostname: name, pathname: '/graphql' });
  expect(variables).toMatchObject({ PORT: port, HOST: '0.0.0.0' });
  expect(subgraph.command).toEqual(['node', `subgraphs/${name}/index.ts`]);
  expect(gateway.networks).toEqual(expect.arrayContaining([...subgraph.networks]));
});

test('the gateway and nobody else reaches Redis, which has no password and no way out', () => {
  const target = parseRedisUrl(gatewayVariables['REDIS_URL'] ?? '');
  expect(target).toMatchObject({ mode: 'standalone', node: { host: 'redis', port: 6379 } });
  const { networks } = service('redis');
  for (const network of networks) {
    expect(compose.networks[network]).toEqual({ internal: true });
    const members = services.filter(([, description]) => description.networks.includes(network));
    expect(members.map(([name]) => name)).toEqual(['gateway', 'redis']);
  }
});

test('the demo subgraphs have no way out', () => {
  for (const { name } of subgraphs) {
    for (const network of service(name).networks) expect(compose.networks[network]).toEqual({ internal: true });
  }
});

test('the gateway has a way in and out', () => {
  expect(gateway.networks.some((network) => !compose.networks[network]?.internal)).toBe(true);
});

test('the gateway starts when all that it needs is healthy', () => {
  const needed = services.map(([name]) => name).filter((name) => name !== 'gateway' && !TELEMETRY.has(name));
  expect(gateway.depends_on).toEqual(
    Object.fromEntries(needed.map((name) => [name, { condition: 'service_healthy' }])),
  );
});

test('the state of the gateway outlives its container, in the folder that the image made for it', () => {
  const folder = gatewayVariables['GATEHOUSE_DIR'];
  expect(folder).toBe(builtImage(gateway)?.env['GATEHOUSE_DIR']);
  expect(gateway.volumes).toEqual([`gatehouse:${folder}`]);
});

test('the gateway is not killed before all that it does at its end is done', () => {
  const [, seconds] = /^(\d+)s$/.exec(gateway.stop_grace_period ?? '') ?? [];
  expect(Number(seconds) * 1000).toBeGreaterThanOrEqual(longestShutdown() * 1.2);
});

test('every variable that the gateway is given is one that it reads', () => {
  const { variables } = moduleGraph(['gateway.config.ts']);
  const given = [...Object.keys(gateway.environment ?? {}), ...Object.keys(builtImage(gateway)?.env ?? {})];
  const unread = given.filter(
    (name) => !variables.has(name) && !READ_BY_PACKAGES.has(name) && !name.startsWith('OTEL_'),
  );
  expect(unread).toEqual([]);
});

test('every variable that a service of this repository is given is in docs/configuration.md', () => {
  const given = services.filter(([, { build }]) => build).map(([, { environment = {} }]) => Object.keys(environment));
  expect(undocumented(given.flat())).toEqual([]);
});

test('the gateway is one for a demo, which everyone may ask for its schema', () => {
  expect(gatewayVariables['GATEHOUSE_MODE']).toBe('development');
});

test('a webhook secret reaches the gateway when it is set where docker compose runs, and is unset otherwise', () => {
  expect(gateway.environment).toHaveProperty('WEBHOOK_SECRET', null);
});
