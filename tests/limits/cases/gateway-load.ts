import { Pool } from 'undici';

export interface LoadReport {
  /** Requests by the status of their answer; 0 for no answer. */
  readonly statuses: ReadonlyMap<number, number>;
  /** ms since 1970. */
  readonly firstAskedAt: number;
  readonly firstAnsweredAt: number;
  readonly lastAskedAt: number;
  readonly lastAnsweredAt: number;
  /** ms, of the request that took longest. */
  readonly longest: number;
}

const HEADERS = { 'content-type': 'application/json' };
const BODY = JSON.stringify({ query: 'query Load { __typename }' });

/** Asks each gateway over so many connections, each of which asks again when it has its answer, until the signal aborts. */
export async function loadGateways(
  urls: readonly string[],
  connections: number,
  signal: AbortSignal,
): Promise<LoadReport> {
  const statuses = new Map<number, number>();
  const at = { firstAskedAt: Date.now(), firstAnsweredAt: Infinity, lastAskedAt: 0, lastAnsweredAt: 0, longest: 0 };

  async function ask(pool: Pool): Promise<number> {
    try {
      const { statusCode, body } = await pool.request({
        method: 'POST',
        path: '/graphql',
        headers: HEADERS,
        body: BODY,
      });
      await body.dump();
      return statusCode;
    } catch {
      return 0;
    }
  }

  async function goOn(pool: Pool): Promise<void> {
    while (!signal.aborted) {
      const askedAt = Date.now();
      at.lastAskedAt = Math.max(at.lastAskedAt, askedAt);
      const status = await ask(pool);
      const answeredAt = Date.now();
      at.firstAnsweredAt = Math.min(at.firstAnsweredAt, answeredAt);
      at.lastAnsweredAt = Math.max(at.lastAnsweredAt, answeredAt);
      at.longest = Math.max(at.longest, answeredAt - askedAt);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  }

  const pools = urls.map((url) => new Pool(url, { connections }));
  await Promise.all(pools.flatMap((pool) => Array.from({ length: connections }, () => goOn(pool))));
  await Promise.all(pools.map((pool) => pool.close()));
  return { statuses, ...at };
}
