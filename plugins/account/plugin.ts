import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GatewayPlugin, Logger } from '@graphql-hive/gateway';
import { isAsyncIterable } from '@graphql-tools/utils';
import type { GatehouseContext } from '../request-context.ts';
import { newAccount, type OperationAccount } from './account.ts';
import { noteResponse } from './error-codes.ts';

interface ServerContext {
  readonly req?: IncomingMessage;
  readonly res?: ServerResponse;
  account?: OperationAccount;
  requestId?: string;
  readonly log?: Pick<Logger, 'error'>;
}

const REQUEST_ID = 'x-request-id';

/**
 * For the config's `requestId`: by the id that is made here, the account of an operation is found in the log.
 */
export function generateRequestId({ context }: { readonly context: unknown }): string {
  return ((context as ServerContext).requestId = randomUUID());
}

/** Opens an account of each GraphQL request, for the plugins after it. It ends with the response. */
export function useAccounts(): GatewayPlugin {
  let path = '';

  return {
    onYogaInit({ yoga }) {
      path = yoga.graphqlEndpoint;
    },

    onRequest({ request, serverContext }) {
      const context = serverContext as ServerContext;
      const { req, res } = context;
      if (!req || !res || !isAt(path, req.url)) return;
      const account = newAccount('http', request.headers.get(REQUEST_ID) || context.requestId || randomUUID());
      const { socket } = req;
      const before = socket.bytesWritten;
      context.account = account;
      res.once('close', () => {
        account.bytes = socket.bytesWritten - before;
        // GraphQL Yoga logs what was thrown without the id that the client has.
        if (res.statusCode === 500)
          context.log?.error({ requestId: account.requestId }, 'A request was answered with 500');
        account.end({ status: res.statusCode, how: res.writableFinished ? 'answered' : 'left' });
      });
    },

    onExecutionResult({ context, result }) {
      const { account } = context as GatehouseContext;
      // What a WebSocket sends, its server accounts for; events, whoever writes them.
      if (!account || account.transport !== 'http' || !result) return;
      if (!isAsyncIterable(result) && !Array.isArray(result)) noteResponse(account, result);
    },
  };
}

/** As the gateway sees it: whatever ends with the path is GraphQL too, and so is all of it with a slash behind. */
function isAt(path: string, url = ''): boolean {
  const [pathname] = url.split('?', 1);
  return url === path || pathname === path || url.endsWith(path) || url.endsWith(`${path}/`) || pathname === `${path}/`;
}
