import { hash } from 'node:crypto';

/**
 * One line of a chain: the JSON of a record whose first member is `seq` and whose last is `hash`, which is SHA-256 over
 * the hash of the line before and all bytes of its own line before `,"hash":`.
 */
export interface SealedLine {
  /** Without the newline that ends it. */
  readonly text: string;
  /** 64 hexadecimal digits. */
  readonly hash: string;
}

/** Where a chain stands. */
export interface Head {
  /** Of the last line, from 1; 0 when there is none. */
  readonly seq: number;
  readonly hash: string;
}

/** Before the first line of all. */
export const GENESIS: Head = { seq: 0, hash: '0'.repeat(64) };

const NEWLINE = '\n';
const TAIL = /^,"hash":"([0-9a-f]{64})"\}$/;
const TAIL_LENGTH = ',"hash":""}'.length + 64;

/** The line that comes after the head. @param json of an object that has neither `seq` nor `hash`, and is not empty */
export function seal(head: Head, json: string): SealedLine {
  const body = `{"seq":${head.seq + 1},${json.slice(1, -1)}`;
  const own = hashOf(head.hash, body);
  return { text: `${body},"hash":"${own}"}`, hash: own };
}

/** @param body all of the line before `,"hash":` */
export function hashOf(previous: string, body: string | Uint8Array): string {
  const start = `${previous}${NEWLINE}`;
  return hash('sha256', typeof body === 'string' ? start + body : Buffer.concat([Buffer.from(start), body]), 'hex');
}

export interface ReadLine {
  readonly seq: number;
  readonly type: string;
  readonly record: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
  /** As the line states it. */
  readonly hash: string;
}

/** Undefined for what is no line that `seal` has made. Whether its hash is right is another question. */
export function readLine(bytes: Buffer): ReadLine | undefined {
  const end = bytes.length - TAIL_LENGTH;
  const stated = TAIL.exec(bytes.toString('latin1', Math.max(0, end)))?.[1];
  const record = parse(bytes.toString());
  if (stated === undefined || record === undefined) return undefined;
  const { seq, type } = record;
  if (typeof seq !== 'number' || !Number.isSafeInteger(seq) || seq < 1 || typeof type !== 'string') return undefined;
  return { seq, type, record, body: bytes.subarray(0, end), hash: stated };
}

/** Undefined also for JSON that is not written the one way: with spaces, doubled names, other escapes. */
function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject && JSON.stringify(value) === text ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}
