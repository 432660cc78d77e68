/** What a script is run with, entry after entry. The arguments are sent as one, in JSON. */
export interface Wire {
  readonly keys: string[];
  readonly args: Array<string | number>;
}

/** The next number of what a script answered. */
export type Answer = () => number;

export function readerOf(numbers: readonly number[]): Answer {
  let at = 0;
  return () => {
    const number = numbers[at++];
    if (number === undefined) throw new RangeError('A script answered too little.');
    return number;
  };
}
