import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  DEMO_AUDIENCE,
  startIdentityProvider,
  type DemoIdentityProvider,
} from '../../commands/demo/identity-provider.ts';
import { jwtUser } from '../../commands/demo/users.ts';
import { startDemoSubgraphs, type RunningDemo } from '../../subgraphs/index.ts';
import { readText, ROOT } from '../deploy/repository.ts';
import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { copyRepository, type RepositoryCopy } from './repository-copy.ts';

// What docs/quick-start.md says to run, and what it says comes of it.

const PAGE = readText('docs/quick-start.md');
const ADDRESS = 'http://127.0.0.1:4000';
/** What is not run here, with the test that runs it. */
const RUN_ELSEWHERE = new Map([
  ['npm ci && npm start', 'tests/e2e/start.test.ts'],
  ['export TOKEN=...', 'tests/docs/quick-start.test.ts'],
  [
    'SUBGRAPHS=users=http://users:4001/graphql,orders=http://orders:4001/graphql npm run gateway',
    'tests/e2e/hot-reload.test.ts',
  ],
  [
    'export API_KEY_SECRET=$(openssl rand -base64 32)\nnpm run keys -- create --name billing --scope orders:read',
    'tests/authentication/api-key/keys-command.test.ts',
  ],
]);

const execute = promisify(execFile);
const steps = [
  ...PAGE.matchAll(/<!-- run -->\n```sh\n([\s\S]*?)```\n\n<!-- (answers|prints) (.+) -->\n```\w*\n([\s\S]*?)```/g),
].map(([, command = '', kind = '', what = '', shown = '']) => ({ command, kind, what, shown }));

let demo: RunningDemo;
let identity: DemoIdentityProvider;
let copy: RepositoryCopy;
let gateway: TestGateway;
let token: string;

beforeAll(async () => {
  [demo, identity, copy] = await Promise.all([
    startDemoSubgraphs({ ports: 'free' }),
    startIdentityProvider(),
    copyRepository(),
  ]);
  token = await identity.signs(jwtUser);
  const config = join(copy.path, 'gateway.config.ts');
  await writeFile(config, edited(await readFile(config, 'utf8')));
  gateway = await startGateway({
    subgraphs: demo.subgraphs,
    config,
    env: { JWT_ISSUER: identity.issuer, JWT_AUDIENCE: DEMO_AUDIENCE, JWKS_URI: identity.jwksUri },
  });
});
afterAll(async () => {
  await Promise.all([gateway, copy].map((started) => started?.[Symbol.asyncDispose]()));
  await Promise.all([demo?.close(), identity?.close()]);
});

/** The configuration with the edit that the page asks for. */
function edited(config: string): string {
  const [, from = '', to = ''] = /<!-- edit (.+) -->\n```ts\n([\s\S]*?)```/.exec(PAGE) ?? [];
  expect(config.split(from)).toHaveLength(2);
  return config.replace(from, to.trim());
}

async function run(command: string): Promise<string> {
  const { stdout } = await execute('sh', ['-c', command.replaceAll(ADDRESS, gateway.url)], {
    env: { ...process.env, TOKEN: token },
  });
  return stdout;
}

test('every command is run here, or by a test of its own', () => {
  const all = [...PAGE.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, command = '']) => command);
  const here = new Set(steps.map(({ command }) => command));
  const others = all.filter((command) => !here.has(command)).map((command) => command.trim());
  expect(others.toSorted()).toEqual([...RUN_ELSEWHERE.keys()].toSorted());
  for (const file of RUN_ELSEWHERE.values()) expect(existsSync(join(ROOT, file))).toBe(true);
  expect(steps).toHaveLength(5);
});

test.each(steps)('a command $kind $what', async ({ command, kind, what, shown }) => {
  const output = await run(command);
  if (kind === 'prints') {
    expect(output).toContain(what);
    expect(shown).toContain(what);
    return;
  }
  expect(partAt(JSON.parse(output), what)).toEqual(anyTexts(partAt(JSON.parse(shown), what)));
});

function partAt(value: unknown, path: string): unknown {
  return path.split('.').reduce((at, key) => (at as Record<string, unknown>)[key], value);
}

/** What the page leaves open is any text. */
function anyTexts(value: unknown): unknown {
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, anyTexts(part)]));
  }
  return value === '...' ? expect.stringMatching(/./) : value;
}
