import { startGateway } from '../gateway-process.ts';

export interface Gateway {
  readonly origin: string;
  /** Of its GraphQL endpoint. */
  readonly url: string;
  readonly pid: number;
}

/** Gateways of one config, each a process of its own. */
export interface Fleet extends AsyncDisposable {
  /** Starts as many more as it takes. Gives the first `count`. */
  grownTo(count: number): Promise<readonly Gateway[]>;
}

/** `env` also has what the nth gateway has for itself. */
export function fleetOf(config: URL, env: (n: number) => Readonly<Record<string, string>>): Fleet {
  const running = new AsyncDisposableStack();
  const gateways: Gateway[] = [];
  return {
    async grownTo(count) {
      while (gateways.length < count) {
        const n = gateways.length + 1;
        console.error(`starting gateway ${n} of ${count}`);
        const { url, process, stop } = await startGateway(config, '/health/ready', {
          NODE_ENV: 'production',
          ...env(n),
        });
        running.defer(stop);
        gateways.push({ origin: url, url: `${url}/graphql`, pid: process.pid ?? 0 });
      }
      return gateways.slice(0, count);
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
