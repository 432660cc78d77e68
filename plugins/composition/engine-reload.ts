import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@graphql-hive/gateway';
import { requestReload } from '../cli/reload.ts';

/** How often a gateway that does not listen for reloads yet (it is still starting) is asked again, in ms. */
const ASK_AGAIN = 50;
/** How long the engine may take to move to a new supergraph before the log says that it has not, in ms. */
const MOVE_TIMEOUT = 30_000;

export interface EngineReload {
  /** Resolves when the engine has moved to the supergraph, or has had half a minute to do so. */
  reload(): Promise<void>;
  /** The engine has moved. */
  moved(): void;
}

export function createEngineReload(log: Logger): EngineReload {
  let moved: (() => void) | undefined;

  return {
    async reload() {
      const { promise, resolve } = Promise.withResolvers<void>();
      let waiting = true;
      const timer = setTimeout(() => {
        log.error(`The engine has not moved to the new supergraph within ${MOVE_TIMEOUT} ms`);
        resolve();
      }, MOVE_TIMEOUT).unref();
      void promise.then(() => (waiting = false));
      moved = resolve;
      while (waiting && !requestReload()) await sleep(ASK_AGAIN, undefined, { ref: false });
      await promise;
      clearTimeout(timer);
      moved = undefined;
    },
    moved: () => moved?.(),
  };
}
