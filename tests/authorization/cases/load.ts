import { until } from '../../harness/until.ts';

/** An answer under load; times by `performance.now()`. */
export interface LoadAnswer {
  readonly query: string;
  readonly began: number;
  readonly ended: number;
  /** 0 when there was no answer. */
  readonly status: number;
  readonly text: string;
}

export interface Load extends AsyncDisposable {
  /** In the order in which they came. */
  readonly answers: readonly LoadAnswer[];
  /** At least so many answers to requests that were sent from `time` on. */
  since(time: number, count: number): Promise<readonly LoadAnswer[]>;
  /** Resolves when this is true of so many answers, by default of one, that have come last. */
  untilLast(what: string, isTrue: (answer: LoadAnswer) => boolean, count?: number): Promise<void>;
}

/** Sends operations to a gateway on and on: one client for each query, which sends the next when it has its answer. */
export function startLoad(url: string, queries: readonly string[]): Load {
  const answers: LoadAnswer[] = [];
  let isOver = false;

  async function client(query: string): Promise<void> {
    while (!isOver) {
      const began = performance.now();
      const answer = await post(url, query);
      answers.push({ query, began, ended: performance.now(), ...answer });
    }
  }

  const clients = queries.map(client);
  const answeredSince = (time: number) => answers.filter(({ began }) => began >= time);
  return {
    answers,
    async since(time, count) {
      await until(`${count} answers`, () => answeredSince(time).length >= count);
      return answeredSince(time);
    },
    async untilLast(what, isTrue, count = 1) {
      await until(what, () => answers.length >= count && answers.slice(-count).every(isTrue));
    },
    async [Symbol.asyncDispose]() {
      isOver = true;
      await Promise.all(clients);
    },
  };
}

async function post(url: string, query: string): Promise<Pick<LoadAnswer, 'status' | 'text'>> {
  try {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    return { status: 0, text: String(error) };
  }
}
