import { randomFillSync } from 'node:crypto';

/** Random bytes are made for many ids at once: a call costs more than the bytes. */
const pool = Buffer.alloc(4096);
let used = pool.length;

function hex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString('hex', used - bytes, used);
}

/** W3C Trace Context: all zeros is no id; of random bytes that is as likely as two equal ids. */
export const newTraceId = (): string => hex(16);
export const newSpanId = (): string => hex(8);
