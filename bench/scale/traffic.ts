import type { Request } from '../all/load.ts';
import type { Child } from '../subscriptions/child.ts';
import type { ClientsCommand } from './clients.ts';
import type { Asked } from './closed-loop.ts';

const CONNECTIONS = 2;
const PRODUCTS = 10;

/** Of each product from the cache, and executed. */
const REQUESTS: readonly Request[] = Array.from({ length: PRODUCTS }, (_, n) => String(n + 1)).flatMap((id) => {
  const body = JSON.stringify({ query: 'query ($id: ID!) { product(id: $id) { id price stock } }', variables: { id } });
  const headers = { 'content-type': 'application/json' };
  return [
    { headers, body },
    { headers: { ...headers, 'cache-control': 'no-store' }, body },
  ];
});

/** Does the work while all of these gateways are asked for what is in the cache, and for what is not. */
export async function underTraffic(
  clients: Child<ClientsCommand>,
  urls: readonly string[],
  work: () => Promise<void>,
): Promise<Asked> {
  await clients.ask({ do: 'begin', requests: REQUESTS, urls, connections: CONNECTIONS });
  await work();
  return clients.ask<Asked>({ do: 'end' });
}
