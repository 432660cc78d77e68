import { randomFillSync } from 'node:crypto';

/** Made for many ids at once: a call costs more than the bytes. */
const bytes = Buffer.alloc(4096);
let digits = '';
let used = 0;

function hex(count: number): string {
  if (used + count > digits.length) {
    digits = randomFillSync(bytes).toString('hex');
    used = 0;
  }
  used += count;
  return digits.slice(used - count, used);
}

/** W3C Trace Context: all zeros is no id; of random bytes that is as likely as two equal ids. */
export const newTraceId = (): string => hex(32);
export const newSpanId = (): string => hex(16);
