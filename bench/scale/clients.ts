import { loadGateways } from '../../tests/limits/cases/gateway-load.ts';
import { obey } from '../subscriptions/child.ts';
import { closedLoop, type Asked, type Loop } from './closed-loop.ts';

// Clients in a process of their own.

export type ClientsCommand =
  /** Answered with what was `Asked`. */
  | ({ readonly do: 'ask'; readonly ms: number } & Loop)
  /** Goes on until `end`, which is answered with what was `Asked`. */
  | ({ readonly do: 'begin' } & Loop)
  | { readonly do: 'end' }
  /** Answered with a `LoadReport`. */
  | {
      readonly do: 'ask for tokens';
      readonly origins: readonly string[];
      readonly connections: number;
      readonly ms: number;
    };

let ending = new AbortController();
let traffic: Promise<Asked> | undefined;

obey(async (command: ClientsCommand) => {
  switch (command.do) {
    case 'ask':
      return closedLoop(command, AbortSignal.timeout(command.ms));
    case 'begin':
      ending = new AbortController();
      traffic = closedLoop(command, ending.signal);
      return undefined;
    case 'end':
      ending.abort();
      return traffic;
    case 'ask for tokens':
      return loadGateways(command.origins, command.connections, AbortSignal.timeout(command.ms));
  }
});
