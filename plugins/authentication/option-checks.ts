/** Checks the options of one factory. Each throws an `Error` that names the option and what it takes. */
export interface OptionChecks {
  text(option: string, value: unknown): void;
  texts(option: string, values: unknown): void;
  /** A whole number in these bounds; `unit` says of what. */
  whole(option: string, value: unknown, bounds: { least: number; most: number; unit: string }): void;
  /** For what the others do not check. The value is repeated: not for secrets. */
  wrong(option: string, value: unknown, takes: string): Error;
}

export function optionChecks(factory: string): OptionChecks {
  function wrong(option: string, value: unknown, takes: string): Error {
    return new Error(`${factory}: ${option} is ${JSON.stringify(value)}; it takes ${takes}`);
  }

  function text(option: string, value: unknown): void {
    if (typeof value !== 'string' || value === '') throw wrong(option, value, 'a text');
  }

  return {
    wrong,
    text,
    texts(option, values) {
      if (!Array.isArray(values)) throw wrong(option, values, 'a list of texts');
      for (const value of values) text(option, value);
    },
    whole(option, value, { least, most, unit }) {
      if (!Number.isInteger(value) || Number(value) < least || Number(value) > most) {
        throw wrong(option, value, `a whole number from ${least} to ${most} (${unit})`);
      }
    },
  };
}
