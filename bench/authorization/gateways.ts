import autocannon from 'autocannon';
import { cpuTime } from '../cpu-time.ts';
import { median } from '../figure.ts';
import { startGateway, type GatewayProcess } from '../gateway-process.ts';
import { DOCUMENTS, scopesOf, WAYS } from './documents.ts';

/** Many and short, so that what else the machine does falls on all alike. */
const ROUNDS = 20;
const REQUESTS = 400;
const CONNECTIONS = 8;

export interface GatewayMeasures {
  /** ms of CPU for the small query, without authorization. */
  readonly small: number;
  /** ms that authorization adds, for each way. */
  readonly added: ReadonlyMap<string, number>;
}

/** CPU time of the gateway process for a request, with authorization and without, alternating. */
export async function measureGateways(subgraphs: readonly { name: string; url: string }[]): Promise<GatewayMeasures> {
  const start = (AUTHORIZATION: 'on' | 'off') =>
    startGateway(new URL('gateway.config.ts', import.meta.url), '/health/ready', {
      AUTHORIZATION,
      SUBGRAPHS: subgraphs.map(({ name, url }) => `${name}=${url}`).join(','),
    });
  const [on, off] = await Promise.all([start('on'), start('off')]);
  const small: number[] = [];
  const added = new Map<string, number[]>();
  try {
    const ways = Object.keys(WAYS);
    // The first round warms up.
    for (let round = 0; round <= ROUNDS; round++) {
      // Each way, and each gateway, comes first in turn, so that none gains by its place.
      for (const way of [...ways.slice(round % ways.length), ...ways.slice(0, round % ways.length)]) {
        const cpu = { on: 0, off: 0 };
        for (const name of round % 2 === 0 ? (['on', 'off'] as const) : (['off', 'on'] as const)) {
          cpu[name] = await measure(name === 'on' ? on : off, way, round);
        }
        if (round === 0) continue;
        if (way === 'small') small.push(cpu.off);
        added.set(way, [...(added.get(way) ?? []), cpu.on - cpu.off]);
        console.error(`round ${round} ${way}: ${cpu.on.toFixed(3)} ms with, ${cpu.off.toFixed(3)} ms without`);
      }
    }
  } finally {
    await Promise.all([on.stop(), off.stop()]);
  }
  return { small: median(small), added: new Map([...added].map(([way, values]) => [way, median(values)])) };
}

/** ms of CPU a request. */
async function measure({ url, process: { pid = 0 } }: GatewayProcess, way: string, round: number): Promise<number> {
  const requests = requestsOf(way, round);
  const share = Math.ceil(requests.length / CONNECTIONS);
  const shares = Array.from({ length: CONNECTIONS }, (_, at) =>
    requests.length === 1 ? requests : requests.slice(at * share, (at + 1) * share),
  );
  const before = cpuTime(pid);
  const result = await autocannon({
    url: `${url}/graphql`,
    connections: CONNECTIONS,
    amount: REQUESTS,
    // Each connection would begin with the first.
    setupClient: (client) => client.setRequests(shares.pop() ?? []),
  });
  if (result['2xx'] !== REQUESTS) throw new Error(`${REQUESTS - result['2xx']} of ${REQUESTS} requests failed`);
  return (cpuTime(pid) - before) / REQUESTS;
}

/** One that is sent again and again, or as many as are sent. */
function requestsOf(way: string, round: number): autocannon.Request[] {
  const { document, isNew } = WAYS[way] ?? { document: 'small', isNew: false };
  return Array.from({ length: isNew ? REQUESTS : 1 }, (_, at) => ({
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-scopes': scopesOf(isNew ? round * REQUESTS + at : undefined).join(' '),
    },
    body: JSON.stringify({ query: DOCUMENTS[document] }),
  }));
}
