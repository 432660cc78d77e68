import { median } from '../figure.ts';
import { print, printNone, printSpread } from './figures.ts';
import type { Gateway } from './fleet.ts';
import type { Ground } from './ground.ts';
import { REVISED } from './subgraphs.ts';
import { underTraffic } from './traffic.ts';
import { watcherOf, type Watcher } from './watch.ts';
import { deliver } from './webhook.ts';

const RELOADS = 5;
/** ms between two questions. */
const PAUSE = 10;
const FIELDS = '{ __type(name: "Query") { fields { name } } }';

interface Reload {
  /** Until the first, and the last gateway served the new schema, since a webhook told one of them, in ms. */
  readonly first: number;
  readonly last: number;
  /** How often the changed subgraph was asked for its schema, and another one on average. */
  readonly changed: number;
  readonly other: number;
  /** How many compositions the gateways serve: less than gateways if some had composed for others. */
  readonly compositions: number;
}

/** How long it takes until all gateways serve a schema of which one was told, and who asks subgraphs for it. */
export async function measureReload(name: string, ground: Ground, gateways: readonly Gateway[]): Promise<void> {
  const { clients, subgraphs, secret } = ground;
  const reloads: Reload[] = [];
  await using stack = new AsyncDisposableStack();
  const watchers = gateways.map(({ url }) => stack.use(watcherOf(url, PAUSE)));

  async function reload(revision: number): Promise<void> {
    await subgraphs.ask({ do: 'revise', revision });
    await subgraphs.ask({ do: 'take schema requests' });
    const began = performance.now();
    const told = gateways[revision % gateways.length]?.origin;
    await deliver(`${told}/webhooks/schema`, secret, { subgraph: REVISED }, 202);
    const times = await Promise.all(watchers.map((watcher) => servedAt(watcher, `revision${revision}`)));
    const { [REVISED]: changed = 0, ...others } = await subgraphs.ask<Record<string, number>>({
      do: 'take schema requests',
    });
    const ofOthers = Object.values(others);
    reloads.push({
      first: Math.min(...times) - began,
      last: Math.max(...times) - began,
      changed,
      other: ofOthers.reduce((sum, requests) => sum + requests, 0) / ofOthers.length,
      compositions: new Set(await Promise.all(gateways.map(composedAt))).size,
    });
  }

  const { answered, failures } = await underTraffic(
    clients,
    gateways.map(({ url }) => url),
    async () => {
      for (let n = 0; n < RELOADS; n++) await reload(++revision);
    },
  );
  const all = (of: keyof Reload): readonly number[] => reloads.map((one) => one[of]);
  printSpread(`reload.first.${name}`, all('first'));
  printSpread(`reload.last.${name}`, all('last'));
  print(`reload.schemaRequests.changed.${name}`, median(all('changed')), 'requests/reload', 1);
  print(`reload.schemaRequests.other.${name}`, median(all('other')), 'requests/reload', 1);
  print(`reload.compositions.${name}`, median(all('compositions')), 'compositions/reload');
  print(`reload.meanwhile.${name}`, answered, 'requests');
  printNone(`reload.failed.${name}`, failures.length, 'requests');
  if (failures.length > 0) console.error(failures[0]);
}

let revision = 0;

/** When the first answer had come that knows the field, on the clock of `performance.now()`. */
async function servedAt(watcher: Watcher, field: string): Promise<number> {
  await watcher.ask(FIELDS, ({ body }) => body.includes(`"${field}"`));
  return performance.now();
}

async function composedAt({ origin }: Gateway): Promise<string> {
  const { supergraph } = (await (await fetch(`${origin}/health`)).json()) as { supergraph: { composedAt: string } };
  return supergraph.composedAt;
}
