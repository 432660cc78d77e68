import { sharedFlights } from '../../plugins/upstream/flights.ts';
import { thingsUnderWay } from '../../plugins/under-way.ts';

// Lets many things come and go, some at a time, and prints how many MB are kept when only young objects were collected. To
// be run with `--expose-gc`.

const AT_A_TIME = 8;
const THINGS = 4_000;
/** Numbers of 8 bytes. */
const SIZE = 1_000;

/** Takes a thing, and gives what ends it. */
type Take = (thing: object, name: string) => () => void | Promise<void>;

const WAYS: Readonly<Record<string, () => Take>> = {
  set() {
    const things = new Set<object>();
    return (thing) => {
      things.add(thing);
      return () => void things.delete(thing);
    };
  },
  'things under way'() {
    const things = thingsUnderWay<object>();
    return (thing) => things.add(thing);
  },
  flights() {
    const flights = sharedFlights<object>();
    return (thing, name) => {
      const { promise, resolve, reject } = Promise.withResolvers<object>();
      const joined = flights.join(name, () => ({ answer: promise, giveUp: reject }), new AbortController().signal);
      return async () => {
        resolve(thing);
        await joined;
      };
    };
  },
};

function collectYoung(): void {
  globalThis.gc?.({ type: 'minor' });
}

async function keptBy(take: Take): Promise<number> {
  const ends: (() => void | Promise<void>)[] = [];
  const before = process.memoryUsage().heapUsed;
  for (let n = 0; n < THINGS; n++) {
    ends.push(take({ n, numbers: Array.from({ length: SIZE }, () => n) }, `name ${n}`));
    if (ends.length > AT_A_TIME) await ends.shift()?.();
    // At first, so that what holds them gets old.
    if (n < 4 * AT_A_TIME || n % 100 === 0) collectYoung();
  }
  for (const end of ends) await end();
  collectYoung();
  collectYoung();
  return (process.memoryUsage().heapUsed - before) / 1e6;
}

const take = WAYS[process.argv[2] ?? '']?.();
if (!take) throw new Error(`One of ${Object.keys(WAYS).join(', ')} is to be given`);
process.stdout.write(String(await keptBy(take)));
