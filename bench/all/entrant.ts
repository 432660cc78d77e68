import { isDeepStrictEqual } from 'node:util';
import type { Cell } from './cells.ts';
import { CONTENDERS, takesPart, type ContenderName, type Running } from './contenders.ts';
import type { Ground } from './ground.ts';
import { clientOf, type Answer, type Client, type Load, type Request } from './load.ts';
import { bodyOf, type QueryName } from './operations.ts';
import { memoryOfTree } from './process-tree.ts';

/** Whose latencies are measured. */
const CONNECTIONS = 8;
/** So that answers of what a gateway has compiled or kept are among them. */
const ASKED_AGAIN = 3;
/** Nothing of the demo is the same in all three. */
const CHECKED = [0, 1, 11];

export interface Sample extends Load {
  /** To subgraphs, for a request. */
  readonly calls: number;
}

/** A contender that runs. */
export interface Entrant extends AsyncDisposable {
  readonly name: ContenderName;
  ask(cell: Cell, n: number): Promise<Answer>;
  sample(cell: Cell): Promise<Sample>;
  /** Bytes. */
  memory(): number;
}

export function entrantOf(name: ContenderName, running: Running, { tokens, takeCalls }: Ground): Entrant {
  const { dialect } = CONTENDERS[name];
  const clients = new Map<QueryName, Client>();
  const sent = new Map<string, number>();

  function clientFor(query: QueryName): Client {
    const client = clients.get(query) ?? clientOf(running.targetOf(query));
    clients.set(query, client);
    return client;
  }

  function requestOf({ query, way, keys, isCached }: Cell, n: number): Request {
    const index = keys === undefined ? n : n % keys;
    const caller = way === 'identical' ? 0 : index % tokens.length;
    return {
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${tokens[caller]}`,
        // Executed, not remembered.
        ...(!isCached && { 'cache-control': 'no-store' }),
      },
      body: bodyOf(query, way, index, dialect),
    };
  }

  return {
    name,
    ask: (cell, n) => clientFor(cell.query).ask(requestOf(cell, n)),
    async sample(cell) {
      const { requests, isAlone } = cell;
      const client = clientFor(cell.query);
      let next = sent.get(cell.name) ?? 0;
      const send = (connections: number): Promise<Load> =>
        client.send(requests, connections, () => requestOf(cell, next++));
      await takeCalls();
      const load = await send(isAlone ? 1 : CONNECTIONS);
      const calls = (await takeCalls()) / requests;
      const { p50, p99 } = isAlone ? await send(CONNECTIONS) : load;
      sent.set(cell.name, next);
      return { cpu: load.cpu, p50, p99, calls };
    },
    memory: () => memoryOfTree(running.targetOf([...clients.keys()][0] ?? 'small').pid),
    async [Symbol.asyncDispose]() {
      await Promise.all([...clients.values()].map((client) => client[Symbol.asyncDispose]()));
      await running[Symbol.asyncDispose]();
    },
  };
}

/** Throws an `Error` where an entrant's data is not the reference's. */
export async function checkAnswers(entrant: Entrant, reference: Entrant, cells: readonly Cell[]): Promise<void> {
  for (const cell of cells.filter((one) => takesPart(entrant.name, one))) {
    for (const n of CHECKED) {
      const expected = await dataOf(reference, cell, n);
      for (let time = 1; time <= ASKED_AGAIN; time++) {
        if (isDeepStrictEqual(await dataOf(entrant, cell, n), expected)) continue;
        throw new Error(`${entrant.name} does not give the data that ${reference.name} gives for ${cell.name}, ${n}`);
      }
    }
  }
}

async function dataOf(entrant: Entrant, cell: Cell, n: number): Promise<unknown> {
  const { body } = await entrant.ask(cell, n);
  return CONTENDERS[entrant.name].dialect.read((JSON.parse(body) as { data: unknown }).data);
}
