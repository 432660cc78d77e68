import { randomUUID } from 'node:crypto';
import type { Logger } from '@graphql-hive/gateway';
import type { SharedStore } from '../redis/index.ts';
import type { SubgraphOptions } from './subgraph.ts';
import { watchSchemaFiles } from './watch-files.ts';

/** The share of an interval by which it is made longer or shorter, so that gateways do not ask all at once. */
const JITTER = 0.2;
/** When another gateway tells of a reload, this one asks the subgraphs within so many ms. */
const RELOAD_SPREAD = 500;
const RELOADED_CHANNEL = 'gatehouse:composition:reloaded';

export interface RefreshTriggers {
  /** Tells the other gateways on the same Redis that this one has moved to a supergraph. Never rejects. */
  announce(version: string): Promise<void>;
  stop(): void;
}

export interface TriggerSources {
  readonly subgraphs: readonly SubgraphOptions[];
  readonly redis?: SharedStore | undefined;
  /** ms until the next poll; 0 for none. */
  interval(): number;
  /** The version being served. */
  version(): string | undefined;
}

/** Calls `refresh` when the time has come, a schema file has changed, or another gateway has moved. */
export async function startTriggers(
  sources: TriggerSources,
  refresh: (subgraph?: string) => Promise<void>,
  log: Logger,
): Promise<RefreshTriggers> {
  const { subgraphs, redis } = sources;
  const instance = randomUUID();
  let stopped = false;
  let poll: NodeJS.Timeout | undefined;
  let heard: NodeJS.Timeout | undefined;

  function schedulePoll(): void {
    const interval = sources.interval();
    if (stopped || interval === 0) return;
    const wait = interval * (1 - JITTER + Math.random() * 2 * JITTER);
    poll = setTimeout(() => void refresh().then(schedulePoll), wait).unref();
  }

  function onReloaded(message: string): void {
    const [from, version] = message.split(' ');
    if (from !== instance && version !== sources.version()) refreshSoon();
  }

  function refreshSoon(): void {
    heard ??= setTimeout(() => {
      heard = undefined;
      void refresh();
    }, Math.random() * RELOAD_SPREAD).unref();
  }

  schedulePoll();
  const unwatch = watchSchemaFiles(subgraphs, (name) => void refresh(name), log);
  // After a lost connection a message may have been missed.
  const unsubscribe = await redis?.subscribe(RELOADED_CHANNEL, onReloaded, refreshSoon);

  return {
    async announce(version) {
      try {
        await redis?.publish(RELOADED_CHANNEL, `${instance} ${version}`);
      } catch (err) {
        log.warn({ err }, 'Other gateways could not be told of the reload; they find it when they poll');
      }
    },
    stop() {
      stopped = true;
      clearTimeout(poll);
      clearTimeout(heard);
      unwatch();
      unsubscribe?.();
    },
  };
}
