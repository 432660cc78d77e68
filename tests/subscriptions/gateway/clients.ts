import { createClient, type Client } from 'graphql-ws';
import type { ExecutionResult } from 'graphql';
import { WebSocket } from 'ws';
import type { TestGateway } from '../../harness/gateway.ts';

/** What a client has got of a subscription. */
export interface Received {
  readonly events: ExecutionResult<Record<string, unknown>>[];
  /** `complete`, or what it was ended with. */
  ended(): unknown;
  stop(): void;
}

export function webSocketClient(
  gateway: TestGateway,
  options: Partial<Parameters<typeof createClient>[0]> = {},
): Client {
  return createClient({
    url: `${gateway.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    lazy: true,
    retryAttempts: 0,
    ...options,
  });
}

export function receive(client: Client, query: string, variables?: Record<string, unknown>): Received {
  const events: ExecutionResult<Record<string, unknown>>[] = [];
  let ended: unknown;
  const stop = client.subscribe(
    { query, ...(variables && { variables }) },
    {
      next: (event) => void events.push(event as never),
      error: (error) => void (ended ??= error),
      complete: () => void (ended ??= 'complete'),
    },
  );
  return { events, ended: () => ended, stop };
}
