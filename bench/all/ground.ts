import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JWT_RESOURCE, startIdentityProvider } from '../../tests/harness/identity-provider.ts';
import { startRedis } from '../../tests/harness/redis.ts';
import { startChild } from '../subscriptions/child.ts';
import { supergraphOf } from '../supergraph.ts';
import type { SubgraphsCommand } from './subgraphs.ts';
import { withoutCacheControl, withoutSecurity } from './supergraphs.ts';

/** What all contenders stand on, and what Gatehouse needs beside. */
export interface Ground extends AsyncDisposable {
  /** Files with the supergraph: as it is, and without what some do not take. */
  readonly supergraphs: Readonly<Record<'whole' | 'withoutSecurity' | 'withoutCacheControl', string>>;
  /** `name=url,name=url` */
  readonly subgraphs: string;
  /** Of several principals, valid for longer than the benchmark takes. */
  readonly tokens: readonly string[];
  /** For Gatehouse: Redis, an issuer of tokens, a receiver of traces, a file for the audit log. */
  readonly services: Readonly<Record<string, string>>;
  /** How many requests reached the subgraphs since it was last asked. */
  takeCalls(): Promise<number>;
}

const PRINCIPALS = 8;
/** s */
const TOKEN_TTL = 3 * 3_600;
const SAMPLED = '0.1';

/** Starts it, each but the identity provider as a process of its own. */
export async function startGround(): Promise<Ground> {
  await using started = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-bench-all-'));
  started.defer(() => rm(directory, { recursive: true, force: true }));
  const subgraphs = started.use(startChild<SubgraphsCommand>(new URL('subgraphs.ts', import.meta.url).href));
  const collector = started.use(startChild(new URL('../telemetry/collector.ts', import.meta.url).href));
  const provider = started.use(await startIdentityProvider());
  const redis = await startRedis();
  started.defer(() => redis.close());

  const demo = await subgraphs.ask<{ name: string; url: string }[]>({ do: 'start' });
  const sdl = await supergraphOf(demo);
  const fileOf = async (name: string, text: string): Promise<string> => {
    const file = join(directory, `${name}.graphql`);
    await writeFile(file, text);
    return file;
  };
  const exp = Math.floor(Date.now() / 1_000) + TOKEN_TTL;
  const tokens = Array.from({ length: PRINCIPALS }, (_, n) => provider.sign({ sub: `principal-${n}`, exp }));
  const signingKey = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' });

  const ground = {
    supergraphs: {
      whole: await fileOf('supergraph', sdl),
      withoutSecurity: await fileOf('without-security', withoutSecurity(sdl)),
      withoutCacheControl: await fileOf('without-cache-control', withoutCacheControl(sdl)),
    },
    subgraphs: demo.map(({ name, url }) => `${name}=${url}`).join(','),
    tokens: await Promise.all(tokens),
    services: {
      REDIS_URL: redis.url,
      JWKS_URI: provider.jwksUri,
      JWT_ISSUER: provider.issuer,
      JWT_AUDIENCE: JWT_RESOURCE,
      OTEL_EXPORTER_OTLP_ENDPOINT: await collector.ask<string>({}),
      OTEL_TRACES_SAMPLER_ARG: SAMPLED,
      AUDIT_FILE: join(directory, 'audit.jsonl'),
      AUDIT_SIGNING_KEY: signingKey.toString('base64'),
      ADMIN_PORT: '0',
    },
    takeCalls: () => subgraphs.ask<number>({ do: 'take calls' }),
  };
  const stop = started.move();
  return { ...ground, [Symbol.asyncDispose]: () => stop.disposeAsync() };
}
