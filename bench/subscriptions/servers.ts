import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { composeOnce } from '../../plugins/composition/compose-once.ts';
import { composeSubgraphs } from '../../plugins/composition/index.ts';
import { freePort } from '../../tests/harness/redis.ts';
import { startGateway } from '../gateway-process.ts';
import type { BareCommand } from './bare-server.ts';
import { startChild } from './child.ts';
import type { Memory } from './memory-probe.ts';

export type ServerName = 'gatehouse' | 'bare server' | 'stock';

/** Something that WebSocket clients can subscribe at, a process of its own. */
export interface Server extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  memory(): Promise<Memory>;
}

/** @param subgraph the URL of the subgraph that all of them take their events from */
export async function startServer(name: ServerName, subgraph: string): Promise<Server> {
  await using starting = new AsyncDisposableStack();
  const port = String(await freePort());
  const memory = async (): Promise<Memory> => (await (await fetch(`http://127.0.0.1:${port}`)).json()) as Memory;

  if (name === 'bare server') {
    const child = starting.use(startChild<BareCommand>('bare-server.ts', { PROBE_PORT: port }));
    const url = await child.ask<string>({ do: 'listen', upstream: subgraph });
    const stop = starting.move();
    return { url, pid: child.pid, memory, [Symbol.asyncDispose]: () => stop.disposeAsync() };
  }

  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-bench-subscriptions-'));
  starting.defer(() => rm(directory, { recursive: true, force: true }));
  const {
    url,
    process: gateway,
    stop: end,
  } = await (name === 'stock' ? startStock(directory, subgraph, port) : startGatehouse(directory, subgraph, port));
  starting.defer(async () => {
    // One that has ended by itself would be waited for for ever.
    if (gateway.exitCode === null && gateway.signalCode === null) await end();
  });
  const stop = starting.move();
  return {
    url: `${url.replace('http', 'ws')}/graphql`,
    pid: gateway.pid ?? 0,
    memory,
    [Symbol.asyncDispose]: () => stop.disposeAsync(),
  };
}

function startGatehouse(directory: string, subgraph: string, probePort: string) {
  return startGateway(new URL('gateway.config.ts', import.meta.url), '/health/ready', {
    ...gatewayNodeOptions(),
    SUBGRAPHS: `quotes=${subgraph}`,
    GATEHOUSE_DIR: directory,
    REDIS_URL: '',
    ADMIN_PORT: '0',
    PROBE_PORT: probePort,
  });
}

async function startStock(directory: string, subgraph: string, probePort: string) {
  const result = await composeOnce(composeSubgraphs({ subgraphs: [{ name: 'quotes', url: subgraph }] }).options);
  if (!result.collected || !result.composition.composes) throw new Error('the subgraph does not compose');
  const file = join(directory, 'supergraph.graphql');
  await writeFile(file, result.composition.supergraphSdl);
  const gateway = await startGateway(new URL('stock.config.ts', import.meta.url), '/readiness', {
    ...gatewayNodeOptions(),
    SUPERGRAPH_FILE: file,
    PROBE_PORT: probePort,
  });
  // It takes no subscriptions over WebSocket before the first request has made it load its schema.
  await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"query":"{ __typename }"}',
  });
  return gateway;
}

/** To look into a gateway, such as `GATEWAY_NODE_OPTIONS="--cpu-prof --cpu-prof-dir=/tmp/profiles"`. */
function gatewayNodeOptions(): Record<string, string> {
  const { GATEWAY_NODE_OPTIONS } = process.env;
  return GATEWAY_NODE_OPTIONS ? { NODE_OPTIONS: GATEWAY_NODE_OPTIONS } : {};
}
