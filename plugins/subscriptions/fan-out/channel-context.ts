import { Request } from '@whatwg-node/fetch';
import type { OperationAccount } from '../../account/index.ts';
import type { EventGate, Principal, Withheld } from '../../request-context.ts';
import type { ClientContext } from './client-operation.ts';

/** What holds on to the client, or asks for it alone. */
const OF_THE_CLIENT = {
  req: undefined,
  socket: undefined,
  caller: undefined,
  authorizeAgain: undefined,
  openOutlet: undefined,
  admitEvent: undefined,
};

/**
 * In which the events of a channel are resolved: it is of no client, so that none takes it along when it goes. All
 * clients of a channel would send the same to subgraphs.
 */
export function channelContext(
  { request, ...context }: ClientContext,
  principal: Principal,
  withheld: Withheld | undefined,
  eventGate: EventGate,
  account: OperationAccount,
): ClientContext {
  return {
    // Without what plugins keep under symbols of their own: that is of the client.
    ...Object.fromEntries(Object.entries(context)),
    ...(request && { request: new Request(request.url, { headers: request.headers }) }),
    ...OF_THE_CLIENT,
    principal,
    withheld,
    eventGate,
    account,
    lasts: true,
  };
}
