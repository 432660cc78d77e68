import { Pool } from 'undici';
import { cpuTime } from '../cpu-time.ts';
import type { Server } from './processes.ts';

const CONNECTIONS = 8;
const PERCENTILE = 0.99;

export interface Load {
  /** Of the server's process for a request, µs. */
  readonly cpu: number;
  /** How long the slowest in a hundred took at least, ms. */
  readonly p99: number;
  /** How many answers said so: `hit`, `fwd=miss`, ... */
  readonly said: ReadonlyMap<string, number>;
}

export interface Answer {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Sends requests on kept connections, each when the one before it is answered. */
export interface Client extends AsyncDisposable {
  ask(body: string): Promise<Answer>;
  send(count: number, nextBody: () => string): Promise<Load>;
}

export function clientOf({ url, pid }: Server, token: string): Client {
  const { origin, pathname: path } = new URL(url);
  const pool = new Pool(origin, { connections: CONNECTIONS, pipelining: 1 });
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };

  async function ask(body: string): Promise<Answer> {
    const response = await pool.request({ method: 'POST', path, headers, body });
    const text = await response.body.text();
    if (response.statusCode !== 200 || text.includes('"errors"')) {
      throw new Error(`${url} answered ${response.statusCode}: ${text.slice(0, 500)}`);
    }
    return { headers: response.headers as Record<string, string>, body: text };
  }

  return {
    ask,
    async send(count, nextBody) {
      const said = new Map<string, number>();
      const durations: number[] = [];
      let left = count;
      const connection = async (): Promise<void> => {
        while (left-- > 0) {
          const body = nextBody();
          const begun = performance.now();
          const answer = await ask(body);
          durations.push(performance.now() - begun);
          const [, status = 'nothing'] = answer.headers['cache-status']?.split('; ') ?? [];
          said.set(status, (said.get(status) ?? 0) + 1);
        }
      };
      const before = cpuTime(pid);
      await Promise.all(Array.from({ length: CONNECTIONS }, connection));
      const cpu = ((cpuTime(pid) - before) * 1_000) / count;
      const sorted = durations.toSorted((one, other) => one - other);
      return { cpu, p99: sorted[Math.ceil(count * PERCENTILE) - 1] ?? Number.NaN, said };
    },
    [Symbol.asyncDispose]: () => pool.destroy(),
  };
}
