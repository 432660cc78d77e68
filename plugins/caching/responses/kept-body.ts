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

function etagOf(bytes: Buffer): string {
  const known = tags.get(bytes) ?? `"${hash('sha256', bytes, 'base64url').slice(0, 22)}"`;
  tags.set(bytes, known);
  return known;
}

/** @param data as far as it has been parsed already */
export function keptBody(bytes: Buffer, data?: Data): KeptBody {
  let parsed = data;
  let sent = false;
  const result = {
    get data(): Data {
      parsed ??= (JSON.parse(bytes.toString()) as { data: Data }).data;
      return parsed;
    },
    // What Yoga writes a result with (`ExecutionResultWithSerializer`). A copy with something added is written as such.
    stringify(given: object): string {
      if (given !== result) return JSON.stringify(given);
      sent = true;
      return bytes.toString();
    },
  };
  return { bytes, result, etag: () => etagOf(bytes), wasSent: () => sent };
}
