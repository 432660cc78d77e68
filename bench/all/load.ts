import { Pool } from 'undici';
import { cpuTimeOfTree } from './process-tree.ts';

/** Where requests go, and whose CPU time they take. */
export interface Target {
  readonly url: string;
  readonly pid: number;
}

export interface Request {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Answer {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Load {
  /** ms of CPU for a request, of the answering process and those that it started. */
  readonly cpu: number;
  /** How long half of the requests took at most, and all but one in a hundred, in ms. */
  readonly p50: number;
  readonly p99: number;
}

/** Sends requests on kept connections, each when the one before it is answered. */
export interface Client extends AsyncDisposable {
  /** Throws an `Error` for an answer that is not 200 or has errors. */
  ask(request: Request): Promise<Answer>;
  send(count: number, connections: number, nextRequest: () => Request): Promise<Load>;
}

export function clientOf({ url, pid }: Target): Client {
  const { origin, pathname: path } = new URL(url);
  const pool = new Pool(origin, { pipelining: 1 });

  async function ask({ headers, body }: Request): Promise<Answer> {
    const response = await pool.request({ method: 'POST', path, headers, body });
    const text = await response.body.text();
    if (response.statusCode !== 200 || text.includes('"errors":')) {
      throw new Error(`${url} answered ${response.statusCode}: ${text.slice(0, 500)}`);
    }
    return { headers: response.headers as Record<string, string>, body: text };
  }

  return {
    ask,
    async send(count, connections, nextRequest) {
      const durations: number[] = [];
      let left = count;
      const connection = async (): Promise<void> => {
        while (left-- > 0) {
          const request = nextRequest();
          const begun = performance.now();
          await ask(request);
          durations.push(performance.now() - begun);
        }
      };
      const before = cpuTimeOfTree(pid);
      await Promise.all(Array.from({ length: connections }, connection));
      const cpu = (cpuTimeOfTree(pid) - before) / count;
      const sorted = durations.toSorted((one, other) => one - other);
      const percentile = (share: number): number => sorted[Math.ceil(count * share) - 1] ?? Number.NaN;
      return { cpu, p50: percentile(0.5), p99: percentile(0.99) };
    },
    [Symbol.asyncDispose]: () => pool.destroy(),
  };
}
