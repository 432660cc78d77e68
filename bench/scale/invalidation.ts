import { print, printNone, printSpread } from './figures.ts';
import { median } from '../figure.ts';
import type { Answer } from '../all/load.ts';
import type { Gateway } from './fleet.ts';
import type { Ground } from './ground.ts';
import { CHANGED } from './subgraphs.ts';
import { underTraffic } from './traffic.ts';
import { watcherOf, type Watcher } from './watch.ts';
import { deliver } from './webhook.ts';

const ROUNDS = 20;
/** For so long after the acknowledgement nobody is believed that they are done, in ms. */
const SETTLE = 200;
/** ms between two questions. */
const PAUSE = 1;
const QUERY = `{ product(id: "${CHANGED}") { id price } }`;
const INVALIDATION = { invalidate: [{ kind: 'entity', type: 'Product', key: { id: CHANGED } }] };
/** Higher than any that a product had before. */
const FIRST_PRICE = 1_000;

interface Round {
  /** How long the webhook's sender waited for its answer, in ms. */
  readonly acknowledgedIn: number;
  /** For how long after that somebody who asked was given the old price, in ms. */
  readonly lag: number;
  /** For how long after it was sent, in ms. */
  readonly everywhere: number;
  /** How often the gateway that had acknowledged gave it. */
  readonly own: number;
}

/** How long gateways go on with what another one has acknowledged to be invalid. */
export async function measureInvalidation(name: string, ground: Ground, gateways: readonly Gateway[]): Promise<void> {
  const { clients, subgraphs, secret } = ground;
  const rounds: Round[] = [];
  await using stack = new AsyncDisposableStack();
  const watchers = gateways.map(({ url }) => stack.use(watcherOf(url, PAUSE)));
  const urls = gateways.map(({ url }) => url);

  async function changeTo(price: number, round: number): Promise<void> {
    await Promise.all(watchers.map((watcher) => watcher.ask(QUERY, isKept)));
    await subgraphs.ask({ do: 'set price', price });
    const told = round % gateways.length;
    let acknowledgedAt = Infinity;
    const watching = watchers.map((watcher) => oldAnswers(watcher, price, () => acknowledgedAt));
    const sentAt = performance.now();
    await deliver(`${gateways[told]?.origin}/webhooks/cache`, secret, INVALIDATION, 200);
    acknowledgedAt = performance.now();
    const old = await Promise.all(watching);
    const late = old.map((times) => times.filter((askedAt) => askedAt > acknowledgedAt));
    rounds.push({
      acknowledgedIn: acknowledgedAt - sentAt,
      lag: Math.max(0, ...late.flat().map((askedAt) => askedAt - acknowledgedAt)),
      everywhere: Math.max(0, ...old.flat().map((askedAt) => askedAt - sentAt)),
      own: late[told]?.length ?? 0,
    });
  }

  const { answered, failures } = await underTraffic(clients, urls, async () => {
    for (let round = 0; round < ROUNDS; round++) await changeTo(nextPrice++, round);
  });
  printSpread(
    `invalidation.lag.${name}`,
    rounds.map(({ lag }) => lag),
  );
  printSpread(
    `invalidation.sent.${name}`,
    rounds.map(({ everywhere }) => everywhere),
  );
  print(`invalidation.acknowledged.${name}.p50`, median(rounds.map(({ acknowledgedIn }) => acknowledgedIn)), 'ms', 1);
  // Behind one address nobody knows which gateway it was.
  if (new Set(urls).size === urls.length) {
    printNone(
      `invalidation.own.stale.${name}`,
      rounds.reduce((sum, { own }) => sum + own, 0),
      'answers',
    );
  }
  print(`invalidation.meanwhile.${name}`, answered, 'requests');
  printNone(`invalidation.failed.${name}`, failures.length, 'requests');
  if (failures.length > 0) console.error(failures[0]);
}

let nextPrice = FIRST_PRICE;

function isKept({ headers }: Answer): boolean {
  return headers['cache-status']?.startsWith('gatehouse; hit; ttl') ?? false;
}

/** When what was answered with another price had been asked for. */
async function oldAnswers(watcher: Watcher, price: number, acknowledgedAt: () => number): Promise<readonly number[]> {
  const old: number[] = [];
  await watcher.ask(QUERY, ({ body }, askedAt) => {
    const { data } = JSON.parse(body) as { data: { product: { price: number } } };
    const isOld = data.product.price !== price;
    if (isOld) old.push(askedAt);
    return !isOld && askedAt > acknowledgedAt() + SETTLE;
  });
  return old;
}
