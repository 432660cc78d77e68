/** Checks the options of one factory. Each throws an `Error` that names the option and what it takes. */
export interface OptionChecks {
  /** Of time in ms, or of bytes; `setTimeout` fires at once for more than is allowed here. */
  whole(option: string, value: number, least: number, most?: number): void;
  /** The path of a URL. */
  path(option: string, value: string): void;
  /** An address to which a path is added. */
  baseUrl(option: string, value: string): void;
  callable(option: string, value: unknown): void;
  texts(option: string, values: readonly string[]): void;
  /** An object; what it holds may be secret, and is not repeated. */
  record(option: string, value: object): void;
}

const LARGEST = 2 ** 31 - 1;

export function optionChecks(factory: string): OptionChecks {
  function wrong(option: string, value: unknown, takes: string): Error {
    // JSON has no word for NaN and Infinity.
    const said = typeof value === 'number' ? String(value) : JSON.stringify(value);
    return new Error(`${factory}: ${option} is ${said}; it takes ${takes}`);
  }

  return {
    whole(option, value, least, most = LARGEST) {
      if (Number.isInteger(value) && value >= least && value <= most) return;
      throw wrong(option, value, `a whole number from ${least} to ${most}`);
    },
    path(option, value) {
      if (typeof value === 'string' && /^\/(?!\/)[^?#\s]*$/.test(value)) return;
      throw wrong(option, value, 'the path of a URL, such as "/graphql"');
    },
    baseUrl(option, value) {
      const url = typeof value === 'string' ? URL.parse(value) : null;
      const isWeb = url?.protocol === 'http:' || url?.protocol === 'https:';
      // With a password in it, it is not to be repeated; nor is it one to give to subgraphs.
      if (isWeb && url.search + url.hash + url.username + url.password === '') return;
      throw new Error(`${factory}: ${option} takes an http or https URL without query and credentials`);
    },
    callable(option, value) {
      if (typeof value !== 'function') throw wrong(option, value, 'a function');
    },
    texts(option, values) {
      if (Array.isArray(values) && values.every((value) => typeof value === 'string')) return;
      throw wrong(option, values, 'a list of texts');
    },
    record(option, value) {
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) return;
      throw new Error(`${factory}: ${option} takes an object`);
    },
  };
}
