import type { Upstream } from './upstream/upstream.ts';

/** One that takes HTTP requests of subgraphs. */
interface Handling {
  handle(request: Request): Promise<Response | undefined>;
}

/** All ways to subscribe to subgraphs as one. `handle` is there when one of them takes requests. */
export function upstreams(
  usual: Upstream,
  bySubgraph: Readonly<Record<string, Upstream>>,
  topics: Upstream | undefined,
): Upstream & Partial<Handling> {
  const named = new Map(Object.entries(bySubgraph));
  const all = [...new Set([usual, ...named.values(), ...(topics ? [topics] : [])])];
  const handling = all.filter((upstream): upstream is Upstream & Handling => 'handle' in upstream);
  return {
    open(operation, sink) {
      const ofTopic = operation.topic && topics;
      return (ofTopic ?? named.get(operation.subgraph) ?? usual).open(operation, sink);
    },
    async close() {
      await Promise.all(all.map((upstream) => upstream.close()));
    },
    status() {
      const statuses = all.map((upstream) => upstream.status());
      const sum = (part: 'connections' | 'subscriptions'): number =>
        statuses.reduce((total, status) => total + status[part], 0);
      return { connections: sum('connections'), subscriptions: sum('subscriptions') };
    },
    ...(handling.length > 0 && {
      async handle(request) {
        for (const upstream of handling) {
          const answer = await upstream.handle(request);
          if (answer) return answer;
        }
        return undefined;
      },
    }),
  };
}
