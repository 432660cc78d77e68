import { hash } from 'node:crypto';
import type { ExecutionResult } from 'graphql';

/** The body of an answer, as it is kept and sent. */
export interface KeptBody {
  readonly bytes: Buffer;
  /** A strong entity tag (RFC 9110, section 8.8.3): the same for the same bytes. */
  readonly etag: () => string;
  /** Whether these bytes became the response: a plugin may have put another result in its place. */
  readonly wasSent: () => boolean;
  /** The result that it stands for; it knows its own text, so that nothing is parsed or written once more. */
  readonly result: ExecutionResult;
}

type Data = Record<string, unknown>;

const tags = new WeakMap<Buffer, string>();

export function etagOf(bytes: Buffer): string {
  let known = tags.get(bytes);
  if (known === undefined) tags.set(bytes, (known = `"${hash('sha256', bytes, 'base64url').slice(0, 22)}"`));
  return known;
}

/** @param data as far as it has been parsed already */
export function keptBody(bytes: Buffer, data?: Data): KeptBody {
  const result = new KeptResult(bytes, data);
  return { bytes, result, etag: () => etagOf(bytes), wasSent: () => result.wasSent };
}

/** Defined, and not written into an object of each: that would survive each garbage collection but a full one. */
const DATA = {
  enumerable: true,
  configurable: true,
  get(this: KeptResult): Data {
    return this.parsed();
  },
};

/** What Yoga writes with `stringify` (`ExecutionResultWithSerializer`). A copy of it has the data too. */
class KeptResult {
  declare readonly data: Data;
  readonly #bytes: Buffer;
  #data: Data | undefined;
  #sent = false;

  constructor(bytes: Buffer, data: Data | undefined) {
    this.#bytes = bytes;
    this.#data = data;
    Object.defineProperty(this, 'data', DATA);
  }

  get wasSent(): boolean {
    return this.#sent;
  }

  parsed(): Data {
    return (this.#data ??= (JSON.parse(this.#bytes.toString()) as { data: Data }).data);
  }

  /** A copy with something added is written as such. */
  readonly stringify = (given: object): string => {
    if (given !== this) return JSON.stringify(given);
    this.#sent = true;
    return this.#bytes.toString();
  };
}
