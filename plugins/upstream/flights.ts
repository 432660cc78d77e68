/** Starts what is shared; it is to end when the signal aborts. */
export type Fly<Answer> = (signal: AbortSignal) => Promise<Answer>;

export interface Flights<Answer> {
  /**
   * The answer of the flight under this key that is under way, or else of a new one. Rejects with the signal's reason
   * as soon as it aborts; the flight itself is given up when all who wait for it have.
   */
  join(key: string, fly: Fly<Answer>, signal: AbortSignal): Promise<Answer>;
}

interface Flight<Answer> {
  readonly answer: Promise<Answer>;
  readonly controller: AbortController;
  waiting: number;
}

/** Makes equal work that is under way at the same time one, until its answer is there. */
export function sharedFlights<Answer>(): Flights<Answer> {
  const flights = new Map<string, Flight<Answer>>();

  function start(key: string, fly: Fly<Answer>): Flight<Answer> {
    const controller = new AbortController();
    const answer = fly(controller.signal);
    const flight: Flight<Answer> = { answer, controller, waiting: 0 };
    flights.set(key, flight);
    const land = () => {
      if (flights.get(key) === flight) flights.delete(key);
    };
    answer.then(land, land);
    return flight;
  }

  return {
    join(key, fly, signal) {
      const flight = flights.get(key) ?? start(key, fly);
      flight.waiting++;
      const { promise, resolve, reject } = Promise.withResolvers<Answer>();
      const leave = () => {
        reject(signal.reason as Error);
        flight.waiting--;
        if (flight.waiting > 0) return;
        // Who comes now must not wait for what is being given up.
        flights.delete(key);
        flight.controller.abort(signal.reason);
      };
      if (signal.aborted) leave();
      else signal.addEventListener('abort', leave, { once: true });
      const stay = (): void => signal.removeEventListener('abort', leave);
      flight.answer.then(
        (answer) => {
          stay();
          resolve(answer);
        },
        (error: unknown) => {
          stay();
          reject(error);
        },
      );
      return promise;
    },
  };
}
