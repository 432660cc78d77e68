import { execFileSync, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { JWT_RESOURCE, startIdentityProvider, type IdentityProvider } from '../../tests/harness/identity-provider.ts';
import { cpuTime } from '../cpu-time.ts';
import { median, printFigure } from '../figure.ts';
import { startGateway } from '../gateway-process.ts';

/** Many and short, so that what else the machine does falls on all alike. */
const ROUNDS = 40;
const REQUESTS = 400;
const CONNECTIONS = 8;
const QUERY = '{ product(upc: "1") { upc name price } }';

/** The most that a remembered credential may add to the small query. */
const TARGET = 1.03;

/**
 * CPU time of the gateway process for a small query, with each kind of credential and without one: all on one gateway,
 * alternating.
 */
export async function run(): Promise<void> {
  const subgraphs = fork(new URL('../engine/subgraphs.ts', import.meta.url).pathname);
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-bench-authentication-'));
  const provider = await startIdentityProvider();
  const secrets = { GATEHOUSE_DIR: directory, API_KEY_SECRET: randomBytes(32).toString('base64url') };
  const demo = await new Promise<{ name: string; url: string }[]>((resolve) =>
    subgraphs.once('message', resolve as never),
  );
  const gateway = await startGateway(new URL('../../gateway.config.ts', import.meta.url), '/health/ready', {
    ...secrets,
    SUBGRAPHS: demo.map(({ name, url }) => `${name}=${url}`).join(','),
    JWKS_URI: provider.jwksUri,
    JWT_ISSUER: provider.issuer,
    JWT_AUDIENCE: JWT_RESOURCE,
    INTROSPECTION_ENDPOINT: provider.introspectionEndpoint,
    INTROSPECTION_CLIENT_ID: provider.client.id,
    INTROSPECTION_CLIENT_SECRET: provider.client.secret,
  });
  try {
    const ways: Record<string, readonly Record<string, string>[]> = {
      none: [{}],
      'jwt.remembered': [bearer(await provider.jwt())],
      'jwt.first': [],
      'apiKey.remembered': [{ 'x-api-key': createKey(secrets) }],
      'introspection.remembered': [bearer(await provider.opaque())],
    };
    const measurements = new Map<string, number[]>();
    for (let round = 0; round <= ROUNDS; round++) {
      ways['jwt.first'] = await freshTokens(provider, REQUESTS, round);
      const measured = new Map<string, number>();
      // Each comes first and last in turn, so that none gains by its place.
      const order = Object.entries(ways);
      for (const [way, headers] of [...order.slice(round % order.length), ...order.slice(0, round % order.length)]) {
        measured.set(way, await measure(gateway.url, gateway.process.pid ?? 0, headers));
      }
      // The first round warms up.
      if (round === 0) continue;
      for (const [way, cpu] of measured) measurements.set(way, [...(measurements.get(way) ?? []), cpu]);
      console.error(`round ${round}: ${[...measured].map(([way, cpu]) => `${way} ${cpu.toFixed(3)}`).join(', ')} ms`);
    }
    printFigures(measurements);
  } finally {
    await gateway.stop();
    await provider[Symbol.asyncDispose]();
    subgraphs.kill();
    await rm(directory, { recursive: true, force: true });
  }
}

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

/** As an operator makes one. */
function createKey(env: Readonly<Record<string, string>>): string {
  const command = new URL('../../commands/keys.ts', import.meta.url).pathname;
  return execFileSync(process.execPath, [command, 'create', '--name', 'bench'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
    encoding: 'utf8',
  }).trim();
}

/** A token for each request. */
function freshTokens(provider: IdentityProvider, count: number, round: number): Promise<Record<string, string>[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, index) => bearer(await provider.sign({ sub: `user-${round}-${index}` }))),
  );
}

/** ms of CPU a request. */
async function measure(url: string, pid: number, headers: readonly Record<string, string>[]): Promise<number> {
  const all = headers.map((own) => ({
    method: 'POST' as const,
    headers: { 'content-type': 'application/json', ...own },
    body: JSON.stringify({ query: QUERY }),
  }));
  const share = Math.ceil(headers.length / CONNECTIONS);
  const requests = [...all];
  const before = cpuTime(pid);
  const result = await autocannon({
    url: `${url}/graphql`,
    connections: CONNECTIONS,
    amount: REQUESTS,
    // Each connection would begin with the first.
    setupClient: (client) => {
      client.setRequests(requests.splice(0, Math.max(1, share)));
      if (requests.length < share) requests.push(...all);
    },
  });
  if (result['2xx'] !== REQUESTS) throw new Error(`${REQUESTS - result['2xx']} of ${REQUESTS} requests failed`);
  return (cpuTime(pid) - before) / REQUESTS;
}

function printFigures(measurements: ReadonlyMap<string, readonly number[]>): void {
  const bench = 'authentication';
  const baseline = median(measurements.get('none') ?? []);
  printFigure({ bench, figure: 'none.cpu', value: Number(baseline.toFixed(3)), unit: 'ms/request' });
  for (const [way, values] of measurements) {
    if (way === 'none') continue;
    const value = Number((median(values) / baseline).toFixed(3));
    const isTarget = way.endsWith('.remembered');
    printFigure({
      bench,
      figure: way,
      value,
      unit: 'ratio',
      baseline: 'no credential',
      ...(isTarget && { target: `<=${TARGET}`, ok: value <= TARGET }),
    });
  }
}
