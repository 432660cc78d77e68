/** Work under way, which can be given up. */
export interface Flight<Answer> {
  readonly answer: Promise<Answer>;
  /** Rejects the answer with the reason, unless it is there. */
  giveUp(reason: unknown): void;
}

export interface Flights<Answer> {
  /**
   * The answer of the flight under this key that is under way, or else of a new one. Rejects with the signal's reason
   * as soon as it aborts; the flight itself is given up when all who wait for it have.
   */
  join(key: string, start: () => Flight<Answer>, signal: AbortSignal): Promise<Answer>;
}

/** Empty when it has landed, as in `plugins/under-way.ts`: flights lead to the requests that wait for them. */
interface Place<Answer> {
  flight: Flight<Answer> | undefined;
  waiting: number;
}

/** Makes equal work that is under way at the same time one, until its answer is there. */
export function sharedFlights<Answer>(): Flights<Answer> {
  const places = new Map<string, Place<Answer>>();

  function leave(key: string, place: Place<Answer>): void {
    place.flight = undefined;
    if (places.get(key) === place) places.delete(key);
  }

  function begin(key: string, flight: Flight<Answer>): Place<Answer> {
    const place: Place<Answer> = { flight, waiting: 0 };
    places.set(key, place);
    const land = () => leave(key, place);
    flight.answer.then(land, land);
    return place;
  }

  return {
    join(key, start, signal) {
      const known = places.get(key);
      const flight = known?.flight ?? start();
      const place = known?.flight ? known : begin(key, flight);
      place.waiting++;
      return within(signal, flight.answer, (reason) => {
        place.waiting--;
        if (place.waiting > 0) return;
        // Who comes now must not wait for what is being given up.
        leave(key, place);
        flight.giveUp(reason);
      });
    },
  };
}

/** The answer, or a rejection with the signal's reason as soon as it aborts before, of which `leave` is told first. */
export function within<Answer>(
  signal: AbortSignal,
  answer: Promise<Answer>,
  leave: (reason: unknown) => void,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const onAbort = (): void => {
    leave(signal.reason);
    reject(signal.reason as Error);
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  answer.then(
    (value) => {
      signal.removeEventListener('abort', onAbort);
      resolve(value);
    },
    (error: unknown) => {
      signal.removeEventListener('abort', onAbort);
      reject(error);
    },
  );
  return promise;
}
