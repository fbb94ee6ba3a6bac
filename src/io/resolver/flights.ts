// One look-up in flight a key, whoever waits for it: callers share it, and it ends early when none of them is left.

/** A look-up in flight, and how many callers still want it. */
interface Flight<Value> {
  readonly value: Promise<Value>;
  readonly controller: AbortController;
  waiting: number;
}

export interface Flights<Value> {
  /** Rejects with the reason of an aborted `signal`; then the look-up goes on for the others. */
  board(key: string, signal?: AbortSignal): Promise<Value>;
  /** Aborts what is in flight. */
  abort(): void;
}

/** `take` starts a look-up, which its signal ends; it never rejects, and ends at a deadline of its own. */
export function createFlights<Value>(
  take: (key: string, signal: AbortSignal) => Promise<Value>,
): Flights<Value> {
  const flights = new Map<string, Flight<Value>>(); // one a key that callers wait for; each ends at its deadline

  function takeOff(key: string): Flight<Value> {
    const controller = new AbortController();
    const value = take(key, controller.signal).finally(() => {
      if (flights.get(key) === flight) flights.delete(key);
    });
    const flight: Flight<Value> = { value, controller, waiting: 0 };
    flights.set(key, flight);
    return flight;
  }

  return {
    async board(key, signal) {
      const flight = flights.get(key) ?? takeOff(key);
      flight.waiting++;
      try {
        return await unlessAborted(flight.value, signal);
      } finally {
        flight.waiting--;
        if (flight.waiting === 0 && signal?.aborted === true) {
          flights.delete(key);
          flight.controller.abort();
        }
      }
    },
    abort() {
      for (const { controller } of flights.values()) controller.abort();
    },
  };
}

/** The promise, unless the signal is aborted first: then its reason is thrown, and the promise goes on without us. */
function unlessAborted<Value>(promise: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
